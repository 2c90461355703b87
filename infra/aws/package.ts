import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleFunctions } from "./bundle.ts";
import { readIdentityParams } from "./identity-params.ts";
import { type PackageArguments, readPackageArguments } from "./package-arguments.ts";

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

/** The tool refuses an empty value, and cuts off a space at the end of one. */
const toArgs = (param: string): readonly string[] => ["--param", param.endsWith("=") ? `${param} ` : param];

const runServerless = ({ command, stage, region, params }: PackageArguments): Promise<number> => {
  const args = [command, "--stage", stage, "--region", region, ...params.flatMap(toArgs)];
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

/** Bundles, and adds what the packaging tool must know of sluice.yaml. */
const prepare = async (asked: PackageArguments): Promise<PackageArguments> => {
  if (asked.command === "remove") return asked;
  await bundleFunctions(resolve(asked.config), BUNDLES);
  return { ...asked, params: [...asked.params, ...(await readIdentityParams(join(BUNDLES, "evaluate")))] };
};

const main = async (): Promise<number> => {
  try {
    const asked = readPackageArguments(process.argv.slice(2), join(ROOT, "serverless.yml"), process.env);
    if (asked === undefined) {
      process.stdout.write(USAGE);
      return 0;
    }
    return await runServerless(await prepare(asked));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
};

process.exitCode = await main();
