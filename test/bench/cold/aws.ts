import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { bundleFunctions, FUNCTIONS } from "../../../infra/aws/bundle.ts";
import { runProcess } from "../processes.ts";
import { toAwsEnv } from "./aws-env.ts";
import { EVENTS } from "./aws-events.ts";
import { startAwsServices } from "./aws-services.ts";
import { bundleText, toBareHandler } from "./bare-handler.ts";
import { bundleBytes } from "./bundle-bytes.ts";
import { type ColdCase, type ColdCloud, type ColdProcess, withSourceMaps } from "./cold-case.ts";
import { writeDeployment } from "./deployment.ts";
import { bundleStandIn } from "./stand-in.ts";

const waysOf = (ours: ColdProcess, folder: string): NonNullable<ColdCase["ways"]> => [
  withSourceMaps(ours),
  {
    // Filled by the first of the runs.
    name: "with a filled compile cache",
    process: { ...ours, args: [...ours.args, join(folder, "compile-cache")] },
  },
];

/** The functions of AWS, bundled as they are deployed, in Lambda's environment, with services on loopback. */
export const openAwsCold = async (): Promise<ColdCloud> => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-cold-aws-"));
  const deployment = join(folder, "deployment");
  const bare = join(folder, "bare");
  mkdirSync(bare);
  writeDeployment(deployment);
  await bundleFunctions(deployment, join(folder, "bundles"));
  const services = await startAwsServices();
  const env = toAwsEnv(services.url);
  const runtime = await bundleStandIn("cold-handler", folder);
  const empty = await bundleText("export const handler = async () => ({});\n", bare, "empty");

  const toCase = async (name: (typeof FUNCTIONS)[number]): Promise<ColdCase> => {
    const event = join(folder, `${name}.json`);
    writeFileSync(event, JSON.stringify(EVENTS[name]));
    const bundle = join(folder, "bundles", name, "index.mjs");
    const toProcess = (file: string): ColdProcess => ({ args: [runtime, file, event], env });
    const ours = toProcess(bundle);
    services.calls.length = 0;
    await runProcess(ours);
    const calls = [...services.calls];
    const same = await bundleText(toBareHandler(calls), bare, name);
    return {
      name: `AWS ${name}`,
      ours,
      bare: toProcess(same),
      empty: toProcess(empty),
      bundleBytes: bundleBytes(dirname(bundle)),
      ...(name === "evaluate" ? { ways: waysOf(ours, folder) } : {}),
    };
  };

  const cases: ColdCase[] = [];
  for (const name of FUNCTIONS) cases.push(await toCase(name));
  return {
    cases,
    async close() {
      await services.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
