import { constants } from "node:os";
import manifest from "../../package.json" with { type: "json" };
import type { CliIo, CliOutput } from "../../shared/cli/io.ts";
import { wantsColor } from "../../shared/cli/paint.ts";
import { runCli } from "../../shared/cli/run.ts";
import { createCommands } from "./commands.ts";

const toOutput = (stream: NodeJS.WriteStream): CliOutput => {
  // The reader may leave early (`sluice … | head`); what is left has nowhere to go.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
  return {
    write: (text) => {
      stream.write(text);
    },
    ready: () =>
      stream.writableNeedDrain
        ? new Promise((resolve) => stream.once("drain", () => resolve()))
        : Promise.resolve(),
  };
};

const STOPS = ["SIGINT", "SIGTERM"] as const;
/** As a shell has it for what a signal ended. */
const SIGNAL_EXIT = 128;

/** The first signal asks to stop; a second one is the system's own, which ends the process where it stands. */
const listenForStop = () => {
  const stopped = new AbortController();
  let exitCode: number | undefined;
  for (const name of STOPS) {
    process.once(name, () => {
      exitCode ??= SIGNAL_EXIT + constants.signals[name];
      stopped.abort();
    });
  }
  return { signal: stopped.signal, exitCode: () => exitCode };
};

const createProcessIo = (argv: readonly string[], signal: AbortSignal): CliIo => {
  return {
    stdout: toOutput(process.stdout),
    stderr: toOutput(process.stderr),
    stdin: () => {
      // Who waits for a person's lines must not wait on when that person leaves.
      signal.addEventListener("abort", () => process.stdin.destroy(signal.reason), {
        once: true,
      });
      return process.stdin;
    },
    env: process.env,
    cwd: process.cwd(),
    nowMs: Date.now,
    color: wantsColor({ env: process.env, isTty: process.stdout.isTTY === true, argv }),
    // A terminal that does not know its width says 0.
    columns: process.stdout.columns || undefined,
    signal,
  };
};

/** Runs the command line of this process. */
export const main = async (): Promise<void> => {
  const argv = process.argv.slice(2);
  const stop = listenForStop();
  const exitCode = await runCli({
    argv,
    io: createProcessIo(argv, stop.signal),
    version: manifest.version,
    commands: createCommands(process.env),
  });
  // What only a stop ends, as `serve`, has done what it should.
  process.exitCode = exitCode === 2 ? (stop.exitCode() ?? exitCode) : exitCode;
};
