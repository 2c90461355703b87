import type { Command } from "commander";
import { compileSelector } from "../../policy/select.ts";
import { selectBatchLine } from "../../policy/select-batch.ts";
import type { Selection } from "../../policy/selection.ts";
import type { Selector } from "../../ports.ts";
import { CliError, usageError } from "../cli-error.ts";
import { type CommandIo, globalOptions, type Register } from "../io.ts";
import { printable } from "../printable.ts";
import { examples } from "../program.ts";
import { readLines } from "../read-stdin.ts";

const MAX_TAG_BYTES = 4_096;
/** One object with all its tags: 100,000 tags take about 3 MB. */
const MAX_BATCH_LINE_BYTES = 64 * 1_048_576;
const MAX_TAGS = 5_000_000;

const DIALECTS = ["flux", "helm-oci", "helm"] as const;
type Dialect = (typeof DIALECTS)[number];

interface SelectOptions {
  readonly range?: string;
  readonly filter?: string;
  readonly dialect?: string;
  readonly current?: string;
  readonly batch?: boolean;
}

const toDialect = (text: string): Dialect => {
  const dialect = DIALECTS.find((known) => known === text);
  if (dialect === undefined) throw usageError(`--dialect ${text}: write one of ${DIALECTS.join(", ")}`);
  return dialect;
};

const readTags = async (io: CommandIo): Promise<readonly string[]> => {
  const tags: string[] = [];
  for await (const line of readLines(io, MAX_TAG_BYTES)) {
    if (line === "") continue;
    if (tags.push(line) > MAX_TAGS) throw usageError(`more than ${MAX_TAGS} tags on standard input`);
  }
  return tags;
};

/** Which option is at fault, and what one that is none looks like. */
const toError = ({ code, message }: Selection & { kind: "error" }, { range, filter }: SelectOptions) => {
  const option =
    code === "filter-invalid"
      ? `--filter ${filter}: no Go regular expression`
      : `--range ${range}: no version range, such as '>=1.0.0 <2.0.0'`;
  return new CliError(`${option} (${message})`, { code });
};

const printSelection = (io: CommandIo, json: boolean, selection: Selection, given: SelectOptions): void => {
  if (selection.kind === "error") throw toError(selection, given);
  if (selection.kind === "none") {
    if (json) io.stdout.write(`${JSON.stringify({ selected: null, reason: selection.reason })}\n`);
    else io.stderr.write(`sluice: no tag matches (${selection.reason})\n`);
    io.exitWith(1);
    return;
  }
  const { tag, ties } = selection;
  io.stdout.write(json ? `${JSON.stringify({ selected: tag, ties })}\n` : `${printable(tag)}\n`);
  if (!json && ties.length > 0) {
    io.stderr.write(
      `sluice: Flux may take any of these, which it holds equal: ${printable(ties.join(" "))}\n`,
    );
  }
};

const selectOne = async (
  io: CommandIo,
  json: boolean,
  range: string,
  given: SelectOptions,
): Promise<void> => {
  const selector: Selector = {
    kind: "semver",
    range,
    dialect: toDialect(given.dialect ?? "flux"),
    ...(given.filter === undefined ? {} : { filter: given.filter }),
  };
  printSelection(io, json, compileSelector(selector).pick(await readTags(io), given.current), given);
};

const selectBatch = async (io: CommandIo): Promise<void> => {
  for await (const line of readLines(io, MAX_BATCH_LINE_BYTES)) {
    if (line.trim() === "") continue;
    io.stdout.write(`${JSON.stringify(selectBatchLine(line))}\n`);
    await io.stdout.ready();
  }
};

const run = async (io: CommandIo, given: SelectOptions, command: Command): Promise<void> => {
  const { json } = globalOptions(command);
  if (given.batch === true) {
    if (given.range !== undefined) throw usageError("write --batch or --range, not both");
    return selectBatch(io);
  }
  if (given.range === undefined) throw usageError("write --range RANGE, or --batch for whole objects");
  return selectOne(io, json, given.range, given);
};

export const registerSelect: Register = (program, io) => {
  program
    .command("select")
    .summary("choose a tag as Flux would")
    .description(
      "Reads tags from standard input, one per line, and prints the one that Flux would select.\nExit code 1 if none matches, 2 if Flux would refuse the range or the filter.",
    )
    .option("--range <range>", "version range as in `OCIRepository.spec.ref.semver`")
    .option("--filter <pattern>", "only tags that match this Go regular expression (`semverFilter`)")
    .option("--dialect <dialect>", `how tags are read: ${DIALECTS.join(", ")} (default: flux)`)
    .option("--current <tag>", "what is selected now; settles a tie")
    .option(
      "--batch",
      'read NDJSON {"id","kind","spec","tags"} with kind OCIRepository, HelmChart or ImagePolicy; write NDJSON {"id","selected"} or {"id","error","message"}',
    )
    .addHelpText(
      "after",
      examples(
        "crane ls ghcr.io/acme/app | sluice select --range '>=1.0.0 <2.0.0'",
        "printf '1.0.0\\n1.1.0-rc.1\\n' | sluice select --range '>=1.0.0-0'",
        'echo \'{"id":1,"kind":"HelmChart","spec":{"version":"1"},"tags":["1.2.0"]}\' \\',
        "    | sluice select --batch",
      ),
    )
    .action((given: SelectOptions, command: Command) => run(io, given, command));
};
