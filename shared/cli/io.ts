import type { Command } from "commander";
import type { ExitCode } from "./exit-code.ts";
import type { Screen } from "./paint.ts";

export interface CliOutput {
  write(text: string): void;
  /** Resolves when more may be written without filling memory. */
  ready(): Promise<void>;
}

/** The world as a command sees it. Only the composition root knows `process`. */
export interface CliIo extends Screen {
  readonly stdout: CliOutput;
  readonly stderr: CliOutput;
  /** Standard input; untouched by commands that do not ask. */
  stdin(): AsyncIterable<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  nowMs(): number;
  /** Aborted when the person stops the command. */
  readonly signal: AbortSignal;
}

export interface CommandIo extends CliIo {
  /** Says how the command ended; 0 when nobody calls it. */
  exitWith(code: ExitCode): void;
}

/** Adds one command. Errors that its action throws become one line and exit code 2. */
export type Register = (program: Command, io: CommandIo) => void;

export interface GlobalOptions {
  readonly json: boolean;
  /** As written, relative to the working folder. */
  readonly config: string;
}

/** The options that every command has, from an action's last argument. */
export const globalOptions = (command: Command): GlobalOptions => {
  const { json, config } = command.optsWithGlobals<{ json?: boolean; config?: string }>();
  return { json: json === true, config: config ?? "sluice.yaml" };
};
