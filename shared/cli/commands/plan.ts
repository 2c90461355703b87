import { counted } from "../counted.ts";
import { type CommandIo, globalOptions, type Register } from "../io.ts";
import { durationOption } from "../options.ts";
import { createPaint, type Paint } from "../paint.ts";
import { GAPS, type PlanRow, type Selected, toPlanRow } from "../plan/row.ts";
import { selectNow } from "../plan/select-now.ts";
import { findSharedTokens, type SharedToken } from "../plan/shared-tokens.ts";
import { findUnused, type Unused } from "../plan/unused.ts";
import type { LoadedPolicy, PolicyPorts } from "../policy-ports.ts";
import { printable } from "../printable.ts";
import { examples } from "../program.ts";
import { formatTable } from "../table.ts";

const DEFAULT_TIMEOUT_MS = 120_000;

interface PlanOptions {
  readonly offline?: boolean;
  readonly timeout?: number;
}

const plan = async (
  ports: PolicyPorts,
  policy: LoadedPolicy,
  io: CommandIo,
  { offline = false, timeout = DEFAULT_TIMEOUT_MS }: PlanOptions,
): Promise<readonly PlanRow[]> => {
  const subscriptions = [...policy.catalog.subscriptions()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const toRows = (selected: ReadonlyMap<string, Selected>): readonly PlanRow[] =>
    subscriptions.map((subscription) => {
      const now = selected.get(subscription.id) ?? { kind: "unknown", reason: "not asked (--offline)" };
      return toPlanRow(subscription, now, policy);
    });
  if (offline) return toRows(new Map());
  const registry = ports.openRegistry(policy.config);
  try {
    const signal = AbortSignal.any([io.signal, AbortSignal.timeout(timeout)]);
    const selected = await selectNow(subscriptions, registry.reader, signal);
    io.signal.throwIfAborted();
    return toRows(selected);
  } finally {
    await registry.close();
  }
};

const selectedText = (selected: Selected): string => {
  switch (selected.kind) {
    case "tag":
      return selected.tag.startsWith("sha256:") ? selected.tag.slice(0, 19) : selected.tag;
    case "none":
      return `none (${selected.reason})`;
    case "unknown":
      return "?";
  }
};

const formatCluster = (paint: Paint, cluster: string, rows: readonly PlanRow[]): string => {
  const headings = ["object", "repository", "takes", "now", "signed by", "receivers", "sources"];
  const cells = rows.map((row) => [
    row.object,
    row.repository,
    row.takes,
    selectedText(row.selected),
    row.signedBy.map(({ who }) => who).join(" AND ") || "-",
    row.receivers.map((id) => id.slice(id.indexOf("/") + 1)).join(", ") || "-",
    row.sources.join(", ") || "-",
  ]);
  const gaps = rows.flatMap(({ object, gaps }) =>
    gaps.map((gap) => `${paint.warn("!")} ${printable(object)}: ${GAPS[gap]}\n`),
  );
  const unknown = rows.flatMap(({ repository, selected }) =>
    selected.kind === "unknown" && !selected.reason.startsWith("not asked")
      ? [`${paint.warn("!")} ${printable(repository)}: ${printable(selected.reason)}\n`]
      : [],
  );
  const notes = [...gaps, ...new Set(unknown)].join("");
  return `${paint.strong(`cluster ${cluster}`)}\n${formatTable(paint, headings, cells)}${notes}`;
};

/** Objects that would select, and cannot: they have no row. */
const formatLeftOut = (
  paint: Paint,
  cluster: string,
  rows: readonly PlanRow[],
  findings: LoadedPolicy["findings"],
): string => {
  const shown = new Set(rows.map(({ object }) => object));
  const lines = findings.flatMap(({ severity, object, message, ...finding }) => {
    if (severity !== "error" || object === undefined || (finding.cluster ?? cluster) !== cluster) return [];
    const name = `${object.kind}/${object.namespace}/${object.name}`;
    return shown.has(name) ? [] : [`${paint.warn("!")} ${printable(`${name}: left out: ${message}`)}\n`];
  });
  return [...new Set(lines)].join("");
};

const formatSettings = (
  paint: Paint,
  { rules, sources }: Unused,
  shared: readonly SharedToken[],
  file: string,
): string =>
  [
    ...shared.map(({ clusters, token }) => {
      const [kind, place] = Object.entries(token)[0] ?? [];
      return `clusters ${clusters.join(", ")} have one token (${kind} ${printable(`${place}`)}), and who reads it in one can poke the others; give each its own`;
    }),
    ...rules.map((rule) => `${rule} of ${printable(file)} matches no object's repository`),
    ...sources.map((source) => `source ${source} of ${printable(file)} brings no object's events`),
  ]
    .map((line) => `${paint.warn("!")} ${line}\n`)
    .join("");

const format = (
  paint: Paint,
  { config, findings }: LoadedPolicy,
  rows: readonly PlanRow[],
  unused: Unused,
  shared: readonly SharedToken[],
  file: string,
): string => {
  const byCluster = Map.groupBy(rows, ({ cluster }) => cluster);
  const clusters = config.clusters.map(({ name }) => {
    const own = byCluster.get(name) ?? [];
    const objects =
      own.length === 0
        ? `${paint.strong(`cluster ${name}`)}\nno object selects anything\n`
        : formatCluster(paint, name, own);
    return objects + formatLeftOut(paint, name, own, findings);
  });
  const count = findings.filter(({ severity }) => severity !== "info").length;
  const lint = count === 0 ? "" : `\n${counted(count, "finding")} in the manifests; see \`sluice lint\`\n`;
  const left = formatSettings(paint, unused, shared, file);
  return `mode ${config.mode}\n\n${clusters.join("\n")}${left === "" ? "" : `\n${left}`}${lint}`;
};

/** `sluice plan`: what is followed, who must sign, who is told, and what is missing. */
export const createPlanCommand =
  (ports: PolicyPorts): Register =>
  (program, io) => {
    program
      .command("plan")
      .summary("show what each cluster follows, and what is missing")
      .description(
        "Reads sluice.yaml and the clusters' manifests and lists every Flux object that selects from a registry: what it takes, what that is now, who must have signed it, which Receivers reach it and which sources bring its events.",
      )
      .option("--offline", "do not ask registries what is selected now")
      .option("--timeout <duration>", "give up after this time (default: 2m)", durationOption)
      .addHelpText(
        "after",
        examples("sluice plan", "sluice plan --offline --json | jq '.objects[] | select(.gaps != [])'"),
      )
      .action(async (options: PlanOptions, command) => {
        const { json, config } = globalOptions(command);
        const policy = await ports.loadPolicy(config, io);
        const rows = await plan(ports, policy, io, options);
        const unused = findUnused(policy.config, policy.catalog);
        const sharedTokens = findSharedTokens(policy.config);
        const { mode } = policy.config;
        io.stdout.write(
          json
            ? `${JSON.stringify({ mode, objects: rows, unused, sharedTokens, findings: policy.findings })}\n`
            : format(createPaint(io), policy, rows, unused, sharedTokens, config),
        );
      });
  };
