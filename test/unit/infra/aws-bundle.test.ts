import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleFunctions, FUNCTIONS } from "../../../infra/aws/bundle.ts";
import { packagesAtStart } from "../../support/bundle-files.ts";

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

test.each(FUNCTIONS)("%s loads at once nothing that only some events or deployments need", (name) => {
  const atStart = packagesAtStart(join(folder, "bundles", name, "index.mjs"));
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
