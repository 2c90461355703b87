import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { APPS, type AppName, INJECTED, packageApps } from "../../../infra/azure/package.ts";
import { createAuthority } from "../../unit/adapters/certificates.ts";
import { runProcess } from "../processes.ts";
import { toBareApp } from "./azure-bare.ts";
import { INVOCATIONS, SECRET } from "./azure-events.ts";
import { type AzureCall, startAzureServices } from "./azure-services.ts";
import { bundleText } from "./bare-handler.ts";
import { bundleBytes } from "./bundle-bytes.ts";
import { type ColdCase, type ColdCloud, type ColdProcess, withSourceMaps } from "./cold-case.ts";
import { writeDeployment } from "./deployment.ts";
import { bundleStandIn } from "./stand-in.ts";

/** The apps of Azure, bundled as they are deployed, in the worker's own model, with services on loopback. */
export const openAzureCold = async (): Promise<ColdCloud> => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-cold-azure-"));
  const deployment = join(folder, "deployment");
  writeDeployment(deployment);
  await packageApps(deployment, join(folder, "bundles"));
  const authority = createAuthority("cold start");
  const caFile = join(folder, "ca.pem");
  writeFileSync(caFile, authority.certificate);
  const services = await startAzureServices(authority.issue("localhost"));
  const env = {
    NODE_EXTRA_CA_CERTS: caFile,
    IDENTITY_ENDPOINT: services.identityUrl,
    IDENTITY_HEADER: "cold-start",
    SLUICE_STORAGE__queueServiceUri: services.storageUrl,
    SLUICE_STORAGE__tableServiceUri: services.storageUrl,
    SLUICE_SWEEP_SCHEDULE: "0 */15 * * * *",
    SLUICE_STAGE: "bench",
    SLUICE_BENCH_SECRET: SECRET,
  };

  const runtime = await bundleStandIn("cold-azure", folder);

  const toCase = async (app: AppName): Promise<ColdCase> => {
    const first = join(folder, `${app}.json`);
    writeFileSync(first, JSON.stringify(INVOCATIONS[app]));
    const toProcess = (appFolder: string): ColdProcess => ({ args: [runtime, appFolder, first], env });
    const bundled = join(folder, "bundles", app);
    const ours = toProcess(bundled);
    services.calls.length = 0;
    await runProcess(ours);
    const calls = [...services.calls];
    const write = async (kind: string, these: readonly AzureCall[]): Promise<string> => {
      const written = join(folder, kind, app);
      mkdirSync(written, { recursive: true });
      writeFileSync(join(written, "package.json"), '{"type":"module","main":"index.mjs"}');
      await bundleText(toBareApp(app, services.storageUrl, these), written, "index", [INJECTED]);
      return written;
    };
    return {
      name: `Azure ${app}`,
      ours,
      bare: toProcess(await write("bare", calls)),
      empty: toProcess(await write("empty", [])),
      bundleBytes: bundleBytes(bundled),
      ...(app === "evaluate" ? { ways: [withSourceMaps(ours)] } : {}),
    };
  };

  const cases: ColdCase[] = [];
  for (const app of APPS) cases.push(await toCase(app));
  return {
    cases,
    async close() {
      await services.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
