import type { ExitCode } from "../exit-code.ts";
import { type CliIo, globalOptions, type Register } from "../io.ts";
import { examples } from "../program.ts";

export interface ServeRequest {
  readonly config: string;
  readonly configGiven: boolean;
  readonly playground: boolean;
  readonly once: boolean;
  readonly verbose: boolean;
  readonly json: boolean;
}

/** Runs until it is stopped. */
export type Serve = (io: CliIo, request: ServeRequest) => Promise<ExitCode>;

export const createServeCommand =
  (serve: Serve): Register =>
  (program, io) => {
    program
      .command("serve")
      .summary("take events, decide, and tell the clusters")
      .description(
        "Runs Sluice on this machine: takes registry events, verifies signatures, decides for every Flux object and tells its Receiver. Everything is kept in one SQLite file, so it may be stopped or killed at any time.\nWithout a sluice.yaml in the folder it opens the playground instead.",
      )
      .option("--playground", "open the playground even if there is a sluice.yaml")
      .option(
        "--once",
        "playground only: play the story and exit, 1 if a step ended otherwise than it should",
      )
      .option("--verbose", "playground only: print the log as JSON lines on standard error")
      .addHelpText(
        "after",
        examples("sluice serve", "sluice serve --config /etc/sluice/sluice.yaml", "sluice serve --once"),
      )
      .action(async (given: { playground?: boolean; once?: boolean; verbose?: boolean }, command) => {
        const { config, json } = globalOptions(command);
        const configGiven = command.optsWithGlobals().config !== undefined;
        const { playground = false, once = false, verbose = false } = given;
        io.exitWith(await serve(io, { config, configGiven, playground, once, verbose, json }));
      });
  };
