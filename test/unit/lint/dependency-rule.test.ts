import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { lintPlanted } from "./plant.ts";

const root = join(import.meta.dirname, "../../..");
const IMPORT_RULE = "lint/style/noRestrictedImports";

const domain = ["push", "signature", "policy", "delivery", "promotion"];
const above = ["pipeline", "config", "cli", "adapters"];

/** Every folder of shared/ with the folders that it may not import. */
const forbidden: Readonly<Record<string, readonly string[]>> = {
  artifact: [...domain, ...above, "telemetry", "oras-js"],
  "oras-js": [...domain, ...above, "telemetry", "artifact"],
  telemetry: [...domain, ...above, "oras-js"],
  push: [...domain.filter((name) => name !== "push"), ...above],
  signature: [...domain.filter((name) => name !== "signature"), ...above],
  policy: [...domain.filter((name) => name !== "policy"), ...above],
  delivery: [...domain.filter((name) => name !== "delivery"), ...above],
  promotion: [...domain.filter((name) => name !== "promotion"), ...above],
  config: [...domain, "pipeline", "cli", "adapters"],
  pipeline: ["cli", "adapters"],
  cli: ["adapters"],
};

const allowed: readonly { readonly path: string; readonly from: string }[] = [
  ...domain.flatMap((name) => [
    { path: `shared/${name}/a.ts`, from: "../errors.ts" },
    { path: `shared/${name}/b.ts`, from: "../artifact/digest.ts" },
    { path: `shared/${name}/c.ts`, from: "../ports.ts" },
    { path: `shared/${name}/d.ts`, from: "oras-js" },
    { path: `shared/${name}/e.ts`, from: "./sibling.ts" },
    { path: `shared/${name}/deep/f.ts`, from: "../sibling.ts" },
    { path: `shared/${name}/g.ts`, from: "node:crypto" },
  ]),
  { path: "shared/pipeline/a.ts", from: "../policy/select.ts" },
  { path: "shared/pipeline/b.ts", from: "../settle.ts" },
  { path: "shared/cli/a.ts", from: "../pipeline/run.ts" },
  { path: "shared/adapters/aws/a.ts", from: "@aws-sdk/client-sqs" },
  { path: "shared/adapters/node/a.ts", from: "oras-js" },
  { path: "shared/adapters/node/b.ts", from: "../../ports.ts" },
  { path: "shared/adapters/aws/b.ts", from: "../remote/kept.ts" },
  { path: "shared/adapters/remote/a.ts", from: "../../ports.ts" },
  { path: "shared/oras-js/src/a.ts", from: "./b.ts" },
  { path: "shared/oras-js/src/c.ts", from: "node:crypto" },
  { path: "functions/aws/a.ts", from: "../../shared/adapters/aws/queue.ts" },
  { path: "functions/aws/b.ts", from: "../../shared/adapters/node/registry.ts" },
];

const crossings: readonly { readonly path: string; readonly from: string }[] = [
  ...Object.entries(forbidden).flatMap(([folder, targets]) =>
    targets.flatMap((target) => [
      { path: `shared/${folder}/bad-${target}.ts`, from: `../${target}/x.ts` },
      { path: `shared/${folder}/deep/bad-${target}.ts`, from: `../../${target}/x.ts` },
    ]),
  ),
  { path: "shared/errors.ts", from: "./policy/catalog.ts" },
  { path: "shared/civil-time.ts", from: "./policy/catalog.ts" },
  { path: "shared/go-pattern.ts", from: "./policy/catalog.ts" },
  { path: "shared/ip-address.ts", from: "./policy/catalog.ts" },
  { path: "shared/ports.ts", from: "./policy/catalog.ts" },
  ...Object.keys(forbidden).map((folder) => ({
    path: `shared/${folder}/bad-functions.ts`,
    from: "../../functions/local/runtime.ts",
  })),
  ...domain.flatMap((folder) =>
    [
      "undici",
      "fastify",
      "node:http",
      "node:fs",
      "node:fs/promises",
      "node:sqlite",
      "@aws-sdk/client-sqs",
    ].map((from, index) => ({ path: `shared/${folder}/bad-io-${index}.ts`, from })),
  ),
  { path: "shared/oras-js/src/bad-package.ts", from: "undici" },
  { path: "shared/oras-js/src/bad-scoped.ts", from: "@sigstore/bundle" },
  { path: "shared/oras-js/src/bad-errors.ts", from: "../../errors.ts" },
  { path: "shared/adapters/aws/bad-domain.ts", from: "../../policy/select.ts" },
  { path: "shared/adapters/remote/bad-domain.ts", from: "../../policy/select.ts" },
  { path: "shared/adapters/remote/bad-cloud.ts", from: "../../adapters/gcp/queue.ts" },
  { path: "shared/adapters/remote/bad-sdk.ts", from: "@aws-sdk/client-sqs" },
  { path: "shared/adapters/aws/bad-cloud.ts", from: "../gcp/queue.ts" },
  { path: "shared/adapters/aws/bad-sdk.ts", from: "@google-cloud/pubsub" },
  { path: "shared/adapters/azure/bad-sdk.ts", from: "@aws-sdk/client-sqs" },
  { path: "shared/adapters/gcp/bad-sdk.ts", from: "@azure/data-tables" },
  { path: "shared/adapters/node/bad-cloud.ts", from: "../aws/queue.ts" },
  { path: "shared/adapters/node/bad-pipeline.ts", from: "../../pipeline/run.ts" },
  { path: "functions/aws/bad-cloud.ts", from: "../azure/runtime.ts" },
  { path: "functions/azure/bad-adapter.ts", from: "../../shared/adapters/gcp/queue.ts" },
  { path: "functions/gcp/bad-sdk.ts", from: "@aws-sdk/client-sqs" },
  { path: "functions/wiring/bad-cloud.ts", from: "../aws/runtime.ts" },
  { path: "functions/wiring/bad-local.ts", from: "../local/wire.ts" },
  { path: "functions/wiring/bad-sdk.ts", from: "@aws-sdk/client-sqs" },
  { path: "functions/local/bad-sdk.ts", from: "@aws-sdk/client-sqs" },
];

const importing = ({ path, from }: { path: string; from: string }) => ({
  path,
  source: `import { thing } from "${from}";\nthing();\n`,
});

describe("the dependency rule", () => {
  let broken: ReadonlyMap<string, readonly string[]>;
  beforeAll(async () => {
    broken = await lintPlanted([...allowed, ...crossings].map(importing));
  });

  test.each(crossings)("$path may not import $from", ({ path }) => {
    expect(broken.get(path)).toContain(IMPORT_RULE);
  });

  test.each(allowed)("$path may import $from", ({ path }) => {
    expect(broken.get(path)).toEqual([]);
  });

  test("every folder of shared/ is in the table, so a new one cannot go without a rule", () => {
    const folders = readdirSync(join(root, "shared"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== "adapters")
      .map((entry) => entry.name);
    expect(Object.keys(forbidden)).toEqual(expect.arrayContaining(folders));
  });
});
