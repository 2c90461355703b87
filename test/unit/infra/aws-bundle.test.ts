import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleFunctions, FUNCTIONS } from "../../../infra/aws/bundle.ts";
import { filesAtStart } from "../../support/bundle-files.ts";

const PACKAGE = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/;

let folder = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-bundle-"));
  const deployment = join(folder, "deployment");
  mkdirSync(deployment);
  writeFileSync(
    join(deployment, "sluice.yaml"),
    "mode: observe\ncatalog: {file: ./catalog.json}\nclusters: [{name: c}]\n",
  );
  await bundleFunctions(deployment, join(folder, "bundles"));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** What the bundler itself adds, from no source. */
const RUNTIME = /\/rolldown-runtime-[^/]+$/;

const packagesAtStart = (name: string): ReadonlySet<string> => {
  const files = [...filesAtStart(join(folder, "bundles", name, "index.mjs"))];
  const sources = files
    .filter((file) => !RUNTIME.test(file))
    .flatMap((file) => (JSON.parse(readFileSync(`${file}.map`, "utf8")) as { sources: string[] }).sources);
  return new Set(sources.flatMap((source) => PACKAGE.exec(source)?.[1] ?? []));
};

test.each(FUNCTIONS)("%s loads at once nothing that only some events or deployments need", (name) => {
  const atStart = packagesAtStart(name);
  expect(atStart).toContain("@aws-sdk/client-dynamodb");
  const late = [
    "yaml",
    "re2js",
    "jose",
    "undici",
    "@aws-sdk/client-sqs",
    "@aws-sdk/client-s3",
    "@aws-sdk/client-sts",
  ];
  expect(late.filter((one) => atStart.has(one))).toEqual([]);
});
