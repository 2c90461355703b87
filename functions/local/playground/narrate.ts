import type { CliOutput } from "../../../shared/cli/io.ts";
import type { Paint } from "../../../shared/cli/paint.ts";
import type { DecisionRecord, StoredRecord } from "../../../shared/state.ts";
import type { Narrator } from "./story.ts";

const LETTERS = "abcdefgh";

const identityOf = ({ facts }: DecisionRecord): string | undefined => {
  const rules = facts.rules;
  if (!Array.isArray(rules)) return undefined;
  for (const rule of rules) {
    const subject: unknown = rule?.identity?.subject;
    if (typeof subject === "string") return subject;
  }
  return undefined;
};

const paintOutcome = ({ outcome, reason }: DecisionRecord, paint: Paint): string => {
  const text = `${outcome}: ${reason}`;
  if (outcome === "notify") return paint.good(text);
  if (outcome === "reject") return paint.bad(text);
  return outcome === "wait" ? paint.warn(text) : paint.dim(text);
};

/** Prints the story as it happens, a line each, with the seconds since the step began. */
export const createNarrator = (out: CliOutput, paint: Paint, nowMs: () => number): Narrator => {
  let startedAtMs = nowMs();
  const say = (who: string, what: string): void => {
    const seconds = ((nowMs() - startedAtMs) / 1_000).toFixed(2).padStart(6);
    out.write(`  ${paint.dim(`${seconds}s`)}  ${who.padEnd(9)} ${what}\n`);
  };
  return {
    step(number, { title }) {
      startedAtMs = nowMs();
      out.write(`\n${paint.strong(`(${LETTERS[number - 1]}) ${title}`)}\n`);
    },
    did: (what) => say("registry", what),
    decided(record: StoredRecord) {
      if (record.kind !== "decision") return;
      const identity = identityOf(record);
      say("sluice", paintOutcome(record, paint));
      if (identity !== undefined) say("", paint.dim(`signed by ${identity}`));
    },
    told: (objects) => say("receiver", `accepted the signed webhook, annotated ${objects.join(", ")}`),
    ended(step, asExpected) {
      if (asExpected) return;
      const { outcome, reason } = step.expected;
      say("story", paint.bad(`expected ${outcome}: ${reason}, and it ended otherwise`));
    },
  };
};
