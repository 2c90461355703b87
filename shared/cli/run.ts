import { type Command, CommanderError } from "commander";
import { type ErrorReport, toReport } from "./cli-error.ts";
import type { ExitCode } from "./exit-code.ts";
import type { CliIo, CommandIo, Register } from "./io.ts";
import { printError } from "./print-error.ts";
import { createProgram } from "./program.ts";

export interface CliSettings {
  /** Without the program's own name. */
  readonly argv: readonly string[];
  readonly io: CliIo;
  readonly version: string;
  readonly commands: readonly Register[];
}

const isHelp = ({ code }: CommanderError): boolean =>
  code === "commander.help" || code === "commander.helpDisplayed" || code === "commander.version";

const takesValue = (word: string, commands: readonly Command[]): boolean =>
  commands.some(({ options }) =>
    options.some(
      (option) => [option.short, option.long].includes(word) && (option.required || option.optional),
    ),
  );

/** The names of the commands that the words lead to; an option's value is none. */
const namedCommands = (argv: readonly string[], program: Command): readonly string[] => {
  const commands = [program];
  for (const [index, word] of argv.entries()) {
    const before = argv[index - 1];
    if (before !== undefined && takesValue(before, commands)) continue;
    const next = commands.at(-1)?.commands.find((known) => known.name() === word);
    if (next !== undefined) commands.push(next);
  }
  return commands.slice(1).map((command) => command.name());
};

const usageReport = ({ message }: CommanderError, argv: readonly string[], program: Command): ErrorReport => {
  const text = message
    .replace(/^error: /, "")
    .replace(/\s+/g, " ")
    .replace(/\.$/, "");
  const help = ["sluice", ...namedCommands(argv, program), "--help"].join(" ");
  return { code: "USAGE", message: `${text}; see \`${help}\`` };
};

const comesOfStop = (error: unknown): boolean =>
  error instanceof Error &&
  (error.name === "AbortError" || Reflect.get(error, "code") === "ABORTED" || comesOfStop(error.cause));

/** What fails because a person stopped it is no error of a registry. */
const reportOf = (error: unknown, { signal }: CliIo): ErrorReport =>
  signal.aborted && comesOfStop(error) ? { code: "STOPPED", message: "stopped" } : toReport(error);

/** Runs one command line and answers with its exit code. Never throws. */
export const runCli = async ({ argv, io, version, commands }: CliSettings): Promise<ExitCode> => {
  let exitCode: ExitCode = 0;
  const commandIo: CommandIo = { ...io, exitWith: (code) => (exitCode = code) };
  const program = createProgram(io, version);
  for (const register of commands) register(program, commandIo);
  try {
    if (argv.length === 0) program.help();
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && isHelp(error)) return 0;
    const report = error instanceof CommanderError ? usageReport(error, argv, program) : reportOf(error, io);
    printError(io, argv.includes("--json"), report);
    return 2;
  }
};
