import type { Command } from "commander";
import { parseReference } from "oras-js";
import { type Digest, isDigest } from "../../artifact/digest.ts";
import { formatRepository, type RepositoryName, toRepositoryName } from "../../artifact/repository.ts";
import type { ExplainedSubscription, Explanation } from "../../pipeline/evaluate/explain.ts";
import { usageError } from "../cli-error.ts";
import { paintOutcome } from "../decision-table.ts";
import { type Deployment, deployedOptions, toDeployment } from "../deployment.ts";
import { type CliIo, type CommandIo, globalOptions, type Register } from "../io.ts";
import { durationOption } from "../options.ts";
import { createPaint, type Paint } from "../paint.ts";
import { examples } from "../program.ts";
import { selectorText, signersText } from "../subscription-text.ts";
import { type Cell, formatFacts } from "../table.ts";

/** Works out what a push of the reference would do now. Changes nothing. */
export type Explain = (
  io: CliIo,
  deployment: Deployment,
  repository: RepositoryName,
  reference: { readonly tag: string } | { readonly digest: Digest },
  signal: AbortSignal,
) => Promise<Explanation>;

const DEFAULT_TIMEOUT_MS = 60_000;

const parseRef = (
  text: string,
): { repository: RepositoryName; reference: { tag: string } | { digest: Digest } } => {
  const { registry, repository, ...named } = parseReference(text.replace(/^oci:\/\//, ""));
  const name = toRepositoryName(registry, repository);
  if (named.kind === "tag") return { repository: name, reference: { tag: named.tag } };
  if (!isDigest(named.digest)) throw usageError(`${text}: only sha256 digests are accepted`);
  return { repository: name, reference: { digest: named.digest } };
};

const whoMustSign = ({ subscription: { rules } }: ExplainedSubscription): string =>
  rules.length === 0 ? "nobody, by its manifest" : rules.map(signersText).join(" AND ");

const outcomeCell = ({ records }: ExplainedSubscription, paint: Paint): Cell => {
  const last = records.at(-1);
  return last === undefined
    ? { painted: `${paint.dim("nothing")} it is selected and settled already` }
    : paintOutcome(last, paint);
};

const formatExplained = (explained: ExplainedSubscription, paint: Paint): string => {
  const { subscription, selection } = explained;
  const selected =
    selection === undefined ? "nothing yet" : `${selection.tag ?? selection.digest} (${selection.status})`;
  return formatFacts(paint, [
    ["object", { painted: paint.strong(subscription.id) }],
    ["takes", selectorText(subscription.selector)],
    ["signed by", whoMustSign(explained)],
    ["selected now", selected],
    ["would be", outcomeCell(explained, paint)],
    ["told through", subscription.receivers.join(", ") || "no receiver"],
  ]);
};

const format = ({ repository, tag, digest, subscriptions }: Explanation, paint: Paint): string => {
  const name = `${formatRepository(repository)}${tag === undefined ? "" : `:${tag}`}`;
  if (digest === undefined) return `${name}: the registry has no such artifact\n`;
  const head = `${paint.strong(name)} is ${digest}\n`;
  if (subscriptions.length === 0)
    return `${head}no object of any cluster selects from ${formatRepository(repository)}\n`;
  return `${head}\n${subscriptions.map((one) => formatExplained(one, paint)).join("\n")}`;
};

const run = async (
  explain: Explain,
  io: CommandIo,
  ref: string,
  timeoutMs: number,
  command: Command,
): Promise<void> => {
  const { json } = globalOptions(command);
  const { repository, reference } = parseRef(ref);
  const signal = AbortSignal.any([io.signal, AbortSignal.timeout(timeoutMs)]);
  const explanation = await explain(io, toDeployment(command), repository, reference, signal);
  io.stdout.write(json ? `${JSON.stringify(explanation)}\n` : format(explanation, createPaint(io)));
  io.exitWith(explanation.digest === undefined ? 1 : 0);
};

/** `sluice explain`: what would a push of this do? */
export const createExplainCommand =
  (explain: Explain): Register =>
  (program, io) => {
    deployedOptions(program.command("explain"))
      .summary("show what a push would do now, and why")
      .description(
        "Works out for every Flux object what a push of this reference would do now: whether the object takes it, who must have signed it, what was found, and who would be told. Reads the registry and the state, changes nothing.\nExit code 0 explained, 1 the registry has no such artifact, 2 could not decide.",
      )
      .argument("<ref>", "artifact by tag or digest, such as ghcr.io/acme/app:1.4.2")
      .option("--timeout <duration>", "give up after this time (default: 60s)", durationOption)
      .addHelpText(
        "after",
        examples("sluice explain ghcr.io/acme/app:1.4.2", "sluice explain ghcr.io/acme/app:1.4.2 --json"),
      )
      .action((ref: string, { timeout = DEFAULT_TIMEOUT_MS }: { timeout?: number }, command: Command) =>
        run(explain, io, ref, timeout, command),
      );
  };
