import { describe, expect, test } from "vitest";
import { createDecisionsCommand } from "../../../shared/cli/commands/decisions.ts";
import { compareDecisions } from "../../../shared/pipeline/evaluate/compare.ts";
import { toUndecidedId } from "../../../shared/pipeline/evaluate/decision-record.ts";
import type { ConfirmationRecord, DecisionRecord, StateRecord } from "../../../shared/state.ts";
import { runSluice } from "../../support/cli.ts";
import { digestOf, REPOSITORY } from "./harness.ts";

const decision = (
  outcome: DecisionRecord["outcome"],
  reason: string,
  atMs = 1_000,
  changes: Partial<DecisionRecord> = {},
): DecisionRecord => ({
  kind: "decision",
  id: `${outcome} ${reason} ${atMs}`,
  decisionId: "d1",
  atMs,
  subscription: "s",
  repository: REPOSITORY,
  tag: "1.0.0",
  digest: digestOf("1.0.0"),
  outcome,
  reason,
  catalogVersion: "c",
  facts: {},
  ...changes,
});

const confirmation = (outcome: ConfirmationRecord["outcome"], atMs = 61_000): ConfirmationRecord => ({
  kind: "confirmation",
  id: `${outcome} ${atMs}`,
  decisionId: "d1",
  atMs,
  subscription: "s",
  outcome,
  object: "OCIRepository/apps/app",
  reason: "NewArtifact",
  tag: "1.0.0",
  digest: digestOf("1.0.0"),
});

const WAIT = decision("wait", "unsigned", 500);

describe("what Flux did beside what Sluice decided", () => {
  test.each<[string, readonly StateRecord[], string | undefined, number | undefined]>([
    ["told, and taken", [WAIT, decision("notify", "verified"), confirmation("applied")], "same", 60_000],
    [
      "taken before it was told",
      [decision("notify", "verified", 90_000), confirmation("fetched")],
      "same",
      -29_000,
    ],
    ["there before", [decision("ignore", "baseline"), confirmation("applied")], "same", undefined],
    [
      "nobody to tell, and taken",
      [decision("ignore", "no-receiver"), confirmation("applied")],
      "same",
      60_000,
    ],
    [
      "rejected, and taken",
      [WAIT, decision("reject", "unsigned"), confirmation("applied")],
      "flux-only",
      undefined,
    ],
    ["waiting, and taken", [WAIT, confirmation("applied")], "flux-only", undefined],
    [
      "rejected, and refused by Flux",
      [decision("reject", "unsigned"), confirmation("failed")],
      "refused",
      undefined,
    ],
    ["rejected, and nothing heard", [decision("reject", "unsigned")], "refused", undefined],
    ["told, and nothing heard", [decision("notify", "verified")], "sluice-only", undefined],
    ["told, and failed", [decision("notify", "verified"), confirmation("failed")], "sluice-only", undefined],
    [
      "failed, then taken",
      [decision("notify", "verified"), confirmation("failed", 2_000), confirmation("applied")],
      "same",
      60_000,
    ],
    [
      "never decided, and taken",
      [{ ...confirmation("applied"), decisionId: toUndecidedId("s", digestOf("1.0.0")) }],
      "unseen",
      undefined,
    ],
    ["not for this object", [decision("ignore", "outside-range")], undefined, undefined],
  ])("%s", (_name, records, comparison, laterMs) => {
    const [row, ...others] = compareDecisions(records);
    expect(others).toEqual([]);
    expect(row?.comparison).toBe(comparison);
    expect(row?.laterMs).toBe(laterMs);
  });

  test("says nothing of a version whose decision is older than the records", () => {
    expect(compareDecisions([confirmation("applied")])).toEqual([]);
  });

  test("is by object and digest", () => {
    const other = decision("notify", "verified", 1_000, { subscription: "t" });
    const newer = decision("notify", "verified", 1_000, { tag: "2.0.0", digest: digestOf("2.0.0") });
    expect(compareDecisions([decision("notify", "verified"), other, newer])).toHaveLength(3);
  });
});

describe("sluice decisions compare", () => {
  const run = (records: readonly StateRecord[], ...argv: readonly string[]) =>
    runSluice(["decisions", "compare", ...argv], {
      nowMs: 100_000,
      commands: [
        createDecisionsCommand(async () => ({
          dueChecks: async () => [],
          records: async ({ decisionId, limit }) => {
            const all = records.map((record, sequence) => ({ ...record, sequence })).toReversed();
            return decisionId === undefined
              ? all.slice(0, limit)
              : all.filter((one) => one.decisionId === decisionId);
          },
          close: async () => {},
        })),
      ],
    });

  test("says yes where Flux did what Sluice would have, and how much later", async () => {
    const { code, stdout } = await run([decision("notify", "verified"), confirmation("applied")]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/s\s+1\.0\.0\s+notify: verified\s+applied 39 s ago\s+1 min later\s+same/);
    expect(stdout).toContain("1 same; half the time Flux had it 1 min after Sluice decided");
  });

  test("says no where Flux took what Sluice would not have told", async () => {
    const records = [decision("reject", "unsigned"), confirmation("applied")];
    expect((await run(records)).code).toBe(1);
    const { code, stdout } = await run(records, "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject([{ comparison: "flux-only", decision: { reason: "unsigned" } }]);
  });

  test("looks for a decision that its look back cut in two, and says that there was more", async () => {
    const records = [
      decision("notify", "verified"),
      decision("wait", "unsigned", 2_000),
      confirmation("applied"),
    ];
    const { code, stdout } = await run(records, "--limit", "2");
    expect(stdout).toContain("1 same");
    expect(stdout).toContain("only the newest 2 records were looked at");
    expect(code).toBe(0);
  });

  test("has nothing to say without records", async () => {
    expect(await run([])).toMatchObject({ code: 0, stdout: "nothing to compare yet\n" });
  });
});
