import type { ExitCode } from "../../shared/cli/exit-code.ts";
import type { CliIo, CliOutput, Register } from "../../shared/cli/io.ts";
import { runCli } from "../../shared/cli/run.ts";

export interface CliRun {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliWorld {
  readonly commands: readonly Register[];
  readonly stdin?: string | readonly Uint8Array[];
  readonly env?: CliIo["env"];
  readonly cwd?: string;
  readonly nowMs?: number;
  readonly color?: boolean;
  readonly columns?: number;
  readonly signal?: AbortSignal;
}

const createOutput = (): CliOutput & { text(): string } => {
  let written = "";
  return {
    write: (text) => {
      written += text;
    },
    ready: () => Promise.resolve(),
    text: () => written,
  };
};

/** Runs the command in this process, with everything it sees given by the test. */
export const runSluice = async (argv: readonly string[], world: CliWorld): Promise<CliRun> => {
  const { stdin = "" } = world;
  const chunks = typeof stdin === "string" ? [new TextEncoder().encode(stdin)] : stdin;
  const stdout = createOutput();
  const stderr = createOutput();
  const io: CliIo = {
    stdout,
    stderr,
    stdin: async function* () {
      yield* chunks;
    },
    env: world.env ?? {},
    cwd: world.cwd ?? "/",
    nowMs: () => world.nowMs ?? 0,
    color: world.color ?? false,
    columns: world.columns,
    signal: world.signal ?? new AbortController().signal,
  };
  const code = await runCli({ argv, io, version: "1.2.3", commands: world.commands });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
};
