import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bundleFunctions } from "./bundle.ts";
import { readIdentityParams } from "./identity-params.ts";

const ROOT = join(import.meta.dirname, "../..");
const BUNDLES = join(ROOT, "dist/aws");
const USAGE = `Bundles the functions and packages or deploys them by serverless.yml.

  npm run package:aws -- [--config FOLDER] [--stage STAGE] [--region REGION] [--param name=value …]
  npm run deploy:aws  -- (the same)
  npm run remove:aws  -- [--stage STAGE] [--region REGION]

  --config FOLDER  holds sluice.yaml and what it names: the catalog that \`sluice compile\` wrote, keys (default: deployment)
  --stage STAGE    part of every name (default: dev)
  --region REGION  (default: AWS_REGION, else eu-central-1)
  --param N=V      a parameter of serverless.yml; may be given several times
`;

/** Packaging asks AWS nothing, but the tool wants to see credentials. */
const PLACEHOLDERS = { AWS_ACCESS_KEY_ID: "offline", AWS_SECRET_ACCESS_KEY: "offline" };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    config: { type: "string", default: "deployment" },
    stage: { type: "string", default: "dev" },
    region: { type: "string", default: process.env.AWS_REGION ?? "eu-central-1" },
    param: { type: "string", multiple: true, default: [] },
    help: { type: "boolean", default: false },
  },
});

/** The tool refuses an empty value, and cuts off a space at the end of one. */
const toArgs = (param: string): readonly string[] => ["--param", param.endsWith("=") ? `${param} ` : param];

const runServerless = (command: string, params: readonly string[]): Promise<number> => {
  const args = [command, "--stage", values.stage, "--region", values.region, ...params.flatMap(toArgs)];
  const offline = command === "package" ? PLACEHOLDERS : {};
  const child = spawn(
    process.execPath,
    [fileURLToPath(import.meta.resolve("osls/bin/serverless.js")), ...args],
    {
      cwd: ROOT,
      stdio: "inherit",
      env: { ...offline, SLS_TELEMETRY_DISABLED: "1", SLS_NOTIFICATIONS_MODE: "off", ...process.env },
    },
  );
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("exit", (code) => done(code ?? 1));
  });
};

const main = async (): Promise<number> => {
  const [command = "package", ...more] = positionals;
  if (values.help || more.length > 0 || !["package", "deploy", "remove"].includes(command)) {
    (values.help ? process.stdout : process.stderr).write(USAGE);
    return values.help ? 0 : 2;
  }
  const params = [...values.param];
  try {
    if (command !== "remove") {
      await bundleFunctions(resolve(values.config), BUNDLES);
      params.push(...(await readIdentityParams(join(BUNDLES, "evaluate"))));
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
  return runServerless(command, params);
};

process.exitCode = await main();
