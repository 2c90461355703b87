import { type ArtifactName, formatArtifact } from "../../artifact/repository.ts";
import type { Evidence, Identity, Verification } from "../../ports.ts";
import { REASONS } from "../../signature/reasons.ts";
import type { Paint } from "../paint.ts";
import { printable } from "../printable.ts";
import { type Cell, formatFacts, formatTable } from "../table.ts";

export type Mode = "strict" | "parity";

/** What `sluice verify --json` prints. `reason` and codes are stable; `identity` is null for keys and refusals. */
export interface VerifyReport {
  readonly artifact: string;
  readonly verdict: "verified" | "rejected";
  readonly reason: string | null;
  readonly identity: Identity | null;
  readonly evidence: readonly Pick<Evidence, "kind" | "digest" | "outcome">[];
  readonly mode: Mode;
  readonly keyId?: string;
  /** The other side's word, where it differs. */
  readonly differences: readonly string[];
}

export const toVerifyReport = (
  artifact: ArtifactName,
  verification: Verification,
  mode: Mode,
): VerifyReport => {
  const judgement = verification[mode];
  return {
    artifact: formatArtifact(artifact),
    verdict: judgement.verified ? "verified" : "rejected",
    reason: judgement.verified ? null : judgement.reason,
    identity: judgement.verified ? (judgement.identity ?? null) : null,
    ...(judgement.verified && judgement.keyId !== undefined ? { keyId: judgement.keyId } : {}),
    evidence: verification.evidence.map(({ kind, digest, outcome }) => ({ kind, digest, outcome })),
    mode,
    differences: verification.differences,
  };
};

const isReason = (code: string): code is keyof typeof REASONS => Object.hasOwn(REASONS, code);

/** `code: the sentence that explains it`. */
export const explain = (code: string): string => (isReason(code) ? `${code}: ${REASONS[code]}` : code);

const outcomeCell = (paint: Paint, outcome: string): Cell =>
  outcome === "verified" ? { painted: paint.good("verified") } : outcome;

export const formatVerifyReport = (paint: Paint, report: VerifyReport): string => {
  const { verdict, identity, evidence, reason, keyId, differences } = report;
  const word = verdict === "verified" ? paint.good("verified") : paint.bad("not verified");
  const facts = formatFacts(paint, [
    ["reason", reason === null ? undefined : explain(reason)],
    ["subject", identity?.subject],
    ["issuer", identity?.issuer],
    ["key", keyId],
    ["differs", differences.length === 0 ? undefined : differences.map(explain).join(" ")],
  ]);
  const rows = evidence.map(({ kind, digest, outcome }) => [kind, digest, outcomeCell(paint, outcome)]);
  const table = rows.length === 0 ? "" : `\n${formatTable(paint, ["evidence", "digest", "outcome"], rows)}`;
  return `${word}  ${printable(report.artifact)}\n${facts}${table}`;
};
