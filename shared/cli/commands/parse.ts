import { Secret } from "../../artifact/secret.ts";
import { nearest } from "../../config/nearest.ts";
import { PipelineError } from "../../errors.ts";
import type { IncomingRequest } from "../../ports.ts";
import { toParseOutput } from "../../push/parse-output.ts";
import type { PushSource, SourceOptions } from "../../push/source.ts";
import { parseSource, SOURCES } from "../../push/sources.ts";
import { usageError } from "../cli-error.ts";
import { globalOptions, type Register } from "../io.ts";
import { collect, splitPair } from "../options.ts";
import { printError } from "../print-error.ts";
import { examples } from "../program.ts";
import { readStdin } from "../read-stdin.ts";

const SOURCE_NAMES = Object.keys(SOURCES);
const HEADER_HINT = "give what the request had with --header name=value";
const MAX_BYTES = 64 * 1_048_576;

interface ParseOptions {
  readonly source: string;
  readonly header?: readonly string[];
  readonly secret?: readonly string[];
  readonly secretHeader?: string;
  readonly path?: string;
  readonly registry?: string;
}

const findSource = (name: string): PushSource => {
  const source = parseSource(name);
  if (source !== undefined) return source;
  const guess = nearest(name, SOURCE_NAMES);
  const hint = guess === undefined ? "." : `; did you mean ${guess}?`;
  throw usageError(`unknown source ${name}${hint} Known: ${SOURCE_NAMES.join(", ")}`);
};

const toHeaders = (pairs: readonly string[]): IncomingRequest["headers"] =>
  Object.fromEntries(
    pairs.map((text) => {
      const pair = splitPair(text);
      if (pair === undefined) throw usageError(`--header ${text}: write it as name=value`);
      return [pair[0].trim().toLowerCase(), pair[1]];
    }),
  );

/** What a refusal means for the sender, in the words of its stable code. */
const refusalOf = async (
  source: PushSource,
  request: IncomingRequest,
  options: SourceOptions,
): Promise<string | undefined> => {
  const result = await source.authenticate(request, options);
  return result.authentic ? undefined : result.reason;
};

export const registerParse: Register = (program, io) => {
  program
    .command("parse")
    .summary("show what a registry's event says")
    .description(
      "Reads one event body from standard input and prints the pushes that Sluice sees in it, as a JSON array.\nWith --secret the sender is authenticated as well; exit code 1 and the reason if that or the parsing fails.",
    )
    .requiredOption("--source <name>", `who sent it: ${SOURCE_NAMES.join(", ")}`)
    .option("--header <name=value>", "header of the request; may be repeated", collect)
    .option("--secret <secret>", "check authenticity with this secret; may be repeated", collect)
    .option("--secret-header <name>", "header that carries the secret (default: authorization)")
    .option("--path <path>", "path that was posted to; for senders whose secret is its last part")
    .option("--registry <host>", "host that clusters pull from, in place of the event's")
    .addHelpText(
      "after",
      examples(
        "sluice parse --source harbor < event.json",
        "sluice parse --source ghcr --header X-Hub-Signature-256=sha256=… \\",
        '    --secret "$SECRET" < body.json',
      ),
    )
    .action(async (given: ParseOptions, command) => {
      const { json } = globalOptions(command);
      const source = findSource(given.source);
      const body = await readStdin(io, MAX_BYTES);
      if (body.byteLength === 0) {
        throw usageError(`standard input is empty; write sluice parse --source ${source.name} < event.json`);
      }
      const request: IncomingRequest = {
        method: "POST",
        path: given.path ?? `/events/${source.name}`,
        query: "",
        headers: toHeaders(given.header ?? []),
        body,
      };
      const options: SourceOptions = {
        secrets: (given.secret ?? []).map((text) => new Secret(text)),
        nowMs: io.nowMs(),
        ...(given.secretHeader === undefined ? {} : { header: given.secretHeader.toLowerCase() }),
        ...(given.registry === undefined ? {} : { registry: given.registry }),
      };
      const refuse = (code: string, message: string): void => {
        printError(io, json, { code, message });
        io.exitWith(1);
      };
      if (given.secret !== undefined) {
        const reason = await refusalOf(source, request, options);
        if (reason !== undefined)
          return refuse("PUSH_UNAUTHENTIC", `${source.name}: not authentic: ${reason}`);
      }
      try {
        io.stdout.write(`${JSON.stringify(toParseOutput(source.parse(request, options)), null, 2)}\n`);
      } catch (error) {
        if (!(error instanceof PipelineError)) throw error;
        const isHeader = given.header === undefined && error.message.startsWith(`${source.name}: header `);
        refuse(error.code, isHeader ? `${error.message}; ${HEADER_HINT}` : error.message);
      }
    });
};
