import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { namesOf } from "../../functions/aws/names.ts";
import { DERIVED_PARAMS } from "./identity-params.ts";

const COMMANDS = ["package", "deploy", "remove"] as const;

/** What a person asked for, checked: the packaging tool says little, or a page, about a mistake. */
export interface PackageArguments {
  readonly command: (typeof COMMANDS)[number];
  readonly config: string;
  readonly stage: string;
  readonly region: string;
  /** `name=value` each. */
  readonly params: readonly string[];
}

const REGION = /^[a-z]{2,5}(?:-[a-z]{2,12}){1,3}-\d{1,2}$/;
const MAX_QUIET_HOURS = 168;

const paramNames = (serverlessFile: string): readonly string[] => {
  const { params } = parse(readFileSync(serverlessFile, "utf8"), { logLevel: "error" }) as {
    readonly params: { readonly default: Readonly<Record<string, string>> };
  };
  return Object.keys(params.default).filter((name) => !DERIVED_PARAMS.includes(name));
};

const checkParam = (param: string, names: readonly string[]): void => {
  const [, name = "", value = ""] = /^([^=]+)=(.*)$/.exec(param) ?? [];
  if (name === "") throw new Error(`--param ${param}: write name=value`);
  if (!names.includes(name)) {
    throw new Error(`--param ${name}: there is no such parameter; there are ${names.join(", ")}`);
  }
  if (name === "quietHours" && !(/^\d{1,3}$/.test(value) && +value >= 1 && +value <= MAX_QUIET_HOURS)) {
    throw new Error(
      `--param quietHours=${value}: write hours from 1 to ${MAX_QUIET_HOURS}, as CloudWatch takes them`,
    );
  }
};

/** `undefined`: help was asked for. Throws one line for what cannot be meant. */
export const readPackageArguments = (
  argv: readonly string[],
  serverlessFile: string,
  env: Readonly<Record<string, string | undefined>>,
): PackageArguments | undefined => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      config: { type: "string", default: "deployment" },
      stage: { type: "string", default: "dev" },
      region: { type: "string", default: env.AWS_REGION ?? "eu-central-1" },
      param: { type: "string", multiple: true, default: [] },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const [asked = "package", ...more] = positionals;
  const command = COMMANDS.find((one) => one === asked);
  const [unexpected = asked] = more;
  if (command === undefined || more.length > 0) throw new Error(`${unexpected}: see --help`);
  namesOf(values.stage);
  if (!REGION.test(values.region)) throw new Error(`--region ${values.region}: write e.g. eu-central-1`);
  const names = paramNames(serverlessFile);
  for (const param of values.param) checkParam(param, names);
  const { config, stage, region, param: params } = values;
  return { command, config, stage, region, params };
};
