import { AWS_COST } from "../../infra/aws/cost.ts";
import { AZURE_COST } from "../../infra/azure/cost.ts";
import { toCostTable, toUseTable } from "../../infra/cost.ts";
import { GOOGLE_COST } from "../../infra/gcp/cost.ts";
import { OUTCOMES, type OutcomeCode } from "../../shared/delivery/outcomes.ts";
import { nextAttempt } from "../../shared/delivery/schedule.ts";
import { IGNORED } from "../../shared/push/ignored.ts";
import { SOURCES } from "../../shared/push/sources.ts";
import { supportMatrix, toMarkdownMatrix } from "../../shared/push/support-matrix.ts";
import { DIFFERENCES } from "../../shared/signature/differences.ts";
import { REASONS } from "../../shared/signature/reasons.ts";
import { LOG_EVENTS } from "../../shared/telemetry/events.ts";
import { METRICS, type Metric } from "../../shared/telemetry/metrics.ts";

const toTable = (headings: readonly string[], rows: readonly (readonly string[])[]): string =>
  [headings, headings.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const toCodes = (headings: readonly string[], codes: Readonly<Record<string, string>>): string =>
  toTable(
    headings,
    Object.entries(codes).map(([code, sentence]) => [`\`${code}\``, sentence]),
  );

/** What the schedule makes of a first attempt with this outcome. */
const whatFollows = (code: OutcomeCode): string => {
  const history = { outcome: { code }, attempt: 1, firstAttemptAtMs: 0, nowMs: 0, random: 0 };
  const next = nextAttempt(history);
  switch (next.kind) {
    case "accepted":
      return "done";
    case "retry":
      return next.refusedSinceMs === undefined ? "retried for a day" : "retried for ten minutes, then parked";
    case "parked":
      return "parked at once";
    case "disabled":
      return "disabled";
  }
};

export interface GeneratedTable {
  readonly page: string;
  readonly name: string;
  readonly text: string;
}

/** The tables that the documents take from the code, word by word. */
export const generatedTables = (): readonly GeneratedTable[] => [
  { page: "README.md", name: "sources", text: toMarkdownMatrix(supportMatrix()) },
  { page: "docs/codes.md", name: "verdicts", text: toCodes(["Code", "Meaning"], REASONS) },
  { page: "docs/codes.md", name: "differences", text: toCodes(["Code", "What differs"], DIFFERENCES) },
  { page: "docs/codes.md", name: "ignored-events", text: toCodes(["Code", "The event is about"], IGNORED) },
  {
    page: "docs/codes.md",
    name: "answers",
    text: toTable(
      ["Source", "Taken", "Unreadable", "Not authentic", "Too many"],
      Object.values(SOURCES).map(({ name, answers }) => [
        `\`${name}\``,
        ...[answers.accepted, answers.malformed, answers.unauthentic, answers.limited].map(String),
      ]),
    ),
  },
  ...Object.entries({ aws: AWS_COST, azure: AZURE_COST, gcp: GOOGLE_COST }).flatMap(([cloud, sheet]) => [
    { page: `docs/${cloud}.md`, name: "cost", text: toCostTable(sheet) },
    { page: `docs/${cloud}.md`, name: "use", text: toUseTable(sheet) },
  ]),
  { page: "docs/codes.md", name: "log", text: toCodes(["Event", "When"], LOG_EVENTS) },
  {
    page: "docs/codes.md",
    name: "metrics",
    text: toTable(
      ["Metric", "Unit", "Dimension", "Counts"],
      Object.entries<Metric>(METRICS).map(([name, { unit, dimension, counts }]) => [
        `\`${name}\``,
        unit,
        dimension === undefined ? "" : `\`${dimension}\``,
        counts,
      ]),
    ),
  },
  {
    page: "docs/codes.md",
    name: "attempts",
    text: toTable(
      ["Code", "What happened", "What follows"],
      (Object.keys(OUTCOMES) as OutcomeCode[]).map((code) => [
        `\`${code}\``,
        OUTCOMES[code],
        whatFollows(code),
      ]),
    ),
  },
];
