import { Command } from "commander";
import type { CliIo } from "./io.ts";
import { createPaint } from "./paint.ts";

const EXIT_CODES = `Exit codes:
  0  yes: verified, accepted, nothing to complain about
  1  no: not verified, refused, or findings
  2  could not decide (a registry out of reach), or a wrong command or input
`;

const EXAMPLES = `
Examples:
  sluice verify ghcr.io/acme/app:1.4.2 \\
      --issuer '^https://token\\.actions\\.githubusercontent\\.com$' \\
      --subject '^https://github\\.com/acme/app/'
  sluice select --range '>=1.0.0 <2.0.0' < tags.txt
  sluice parse --source harbor < event.json
`;

/** Longer lines are hard to read, however wide the terminal. */
const MAX_HELP_COLUMNS = 110;
/** What is read where no terminal says how wide it is. */
const HELP_COLUMNS = 80;

/** Quotes an example block for the end of a command's `--help`. */
export const examples = (...lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  ${line}\n`).join("")}`;

/** The `sluice` command without its subcommands. Never ends the process and writes only to `io`. */
export const createProgram = (io: CliIo, version: string): Command => {
  const paint = createPaint(io);
  const helpColumns = () => Math.min(io.columns ?? HELP_COLUMNS, MAX_HELP_COLUMNS);
  return new Command("sluice")
    .description(
      "Stands between container registries and Flux clusters: checks who signed what was pushed, works out which Flux objects would select it, and asks exactly those to reconcile.",
    )
    .version(version, "-V, --version", "print the version")
    .option("--json", 'print JSON for scripts; errors as {"error":{"code","message"}}')
    .option("--config <file>", "configuration file (default: sluice.yaml in the working folder)")
    .option("--no-color", "no colours; NO_COLOR=1 does the same, FORCE_COLOR=1 the opposite")
    .helpOption("-h, --help", "explain the command")
    .helpCommand("help [command]", "explain a command")
    .configureHelp({
      showGlobalOptions: true,
      minWidthToWrap: 20,
      styleTitle: (title) => paint.strong(title),
      styleCommandText: (text) => paint.strong(text),
    })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      // Commander's help for a group without a subcommand comes this way.
      writeErr: (text) => io.stdout.write(text),
      // Errors come as exceptions and are printed in one place, as one line or as JSON.
      outputError: () => {},
      getOutHasColors: () => io.color,
      getErrHasColors: () => false,
      getOutHelpWidth: helpColumns,
      getErrHelpWidth: helpColumns,
    })
    .addHelpText("after", `\n${EXIT_CODES}${EXAMPLES}`)
    .exitOverride();
};
