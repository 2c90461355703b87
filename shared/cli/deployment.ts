import { type Command, Option } from "commander";
import { usageError } from "./cli-error.ts";
import { globalOptions } from "./io.ts";

const RUNTIMES = ["local", "aws", "azure", "gcp"] as const;

/** Which Sluice a command speaks to: the state file of one machine, or what a cloud keeps of one stage. */
export interface Deployment {
  /** sluice.yaml as written, relative to the working folder. */
  readonly config: string;
  readonly runtime: (typeof RUNTIMES)[number];
  /** Empty for one machine. */
  readonly stage: string;
}

/** Adds `--runtime` and `--stage` to a command that looks at state. */
export const deployedOptions = (command: Command): Command =>
  command
    .addOption(
      new Option("--runtime <name>", "where Sluice runs; a cloud is asked with your own credentials")
        .choices(RUNTIMES)
        .default("local"),
    )
    .option("--stage <name>", "the stage that was deployed, such as prod; for clouds");

/** What `deployedOptions` were given. */
export const toDeployment = (command: Command): Deployment => {
  const { config } = globalOptions(command);
  const { runtime = "local", stage = "" } = command.opts<Partial<Pick<Deployment, "runtime" | "stage">>>();
  if (runtime !== "local" && stage === "") {
    throw usageError(`--runtime ${runtime}: say which deployment with --stage, such as --stage prod`);
  }
  return { config, runtime, stage };
};
