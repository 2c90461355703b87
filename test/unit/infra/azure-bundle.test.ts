import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { APPS, packageApps } from "../../../infra/azure/package.ts";
import { packagesAtStart } from "../../support/bundle-files.ts";

const WORKER = new URL("../../support/azure-functions/worker.ts", import.meta.url).href;
/** Nobody listens there. */
const NOWHERE = "https://127.0.0.1:1/devstoreaccount1";

let folder = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-bundle-azure-"));
  const deployment = join(folder, "deployment");
  mkdirSync(deployment);
  writeFileSync(
    join(deployment, "sluice.yaml"),
    "mode: observe\ncatalog: {file: ./catalog.json}\nclusters: [{name: c}]\n",
  );
  await packageApps(deployment, join(folder, "apps"));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

test.each(APPS)("%s loads at once nothing that only some events or deployments need", (app) => {
  const atStart = packagesAtStart(join(folder, "apps", app, "index.mjs"));
  expect(atStart).toContain("@azure/data-tables");
  const late = ["yaml", "re2js", "jose", "undici", "@azure/storage-queue", "@azure/storage-blob"];
  expect(late.filter((one) => atStart.has(one))).toEqual([]);
});

test("what a function throws shows where in the sources it came from", async () => {
  const program = `
    import { loadFunctionApp } from ${JSON.stringify(WORKER)};
    const [sweep] = await loadFunctionApp(${JSON.stringify(join(folder, "apps/sweep"))});
    await sweep.invoke({ json: "{}" }).catch(({ stack }) => process.stdout.write(stack));
  `;
  const env = {
    SLUICE_STAGE: "test",
    SLUICE_STORAGE__queueServiceUri: NOWHERE,
    SLUICE_STORAGE__tableServiceUri: NOWHERE,
    IDENTITY_ENDPOINT: "http://127.0.0.1:1/msi/token",
    IDENTITY_HEADER: "h",
  };
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], {
    env,
  });
  expect(stdout).toContain("functions/wiring/policy/compiled-catalog.ts:");
  expect(stdout).not.toContain("index.mjs:");
});
