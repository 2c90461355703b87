import { describe, expect, test } from "vitest";
import { decideBaseline, decideIgnored, decideSelection } from "../../../shared/pipeline/evaluate/decide.ts";
import type { DecisionContext } from "../../../shared/pipeline/evaluate/decision-record.ts";
import { judge } from "../../../shared/pipeline/evaluate/verdict.ts";
import type { Subscription } from "../../../shared/ports.ts";
import type { FluxSelection, OutboxEntry, SubscriptionState } from "../../../shared/state.ts";
import {
  DEADLINE_MS,
  digestOf,
  RECEIVER,
  REPOSITORY,
  ruleOf,
  START_MS,
  subscriptionOf,
  verificationOf,
} from "./harness.ts";

const { signal } = new AbortController();
const DIGEST = digestOf("1.1.0");
const VERSION = { tag: "1.1.0", digest: DIGEST };

/** Only `judge` makes a verdict, here as well. */
const verdictOf = (word: string) => {
  const verifier = { verify: async () => verificationOf(word) };
  const requirement =
    word === "allowed"
      ? ({ kind: "allowed" } as const)
      : word === "no-identity-rule"
        ? ({ kind: "none" } as const)
        : ({ kind: "rules", rules: [ruleOf("r1")] } as const);
  return judge(verifier, requirement, { ...REPOSITORY, digest: DIGEST }, signal);
};

const contextOf = (
  changes: Partial<DecisionContext> = {},
  subscription: Partial<Subscription> = {},
): DecisionContext => ({
  subscription: subscriptionOf(subscription),
  catalogVersion: "c1",
  nowMs: START_MS,
  mode: "enforce",
  origin: { source: "test" },
  evidenceDeadlineMs: DEADLINE_MS,
  gatherMs: 0,
  served: false,
  ...changes,
});

const selectionOf = (
  status: FluxSelection["status"],
  version: { readonly tag: string; readonly digest: typeof DIGEST },
): FluxSelection => ({
  ...version,
  sequence: 1,
  status,
  reason: "before",
  decisionId: "earlier",
  sinceMs: START_MS - 1_000,
  deadlineMs: START_MS + 60_000,
  checks: 1,
  ...(status === "pending" ? { checkAtMs: START_MS } : {}),
});

const stateOf = (
  status?: FluxSelection["status"],
  version: { readonly tag: string; readonly digest: typeof DIGEST } = {
    tag: "1.0.0",
    digest: digestOf("1.0.0"),
  },
): SubscriptionState => ({
  subscription: subscriptionOf().id,
  version: 4,
  selectorHash: subscriptionOf().selectorHash,
  outbox: {},
  ...(status === undefined ? {} : { selection: selectionOf(status, version) }),
});

const entryOf = (changes: Partial<OutboxEntry> = {}): OutboxEntry => ({
  tag: "1.0.0",
  digest: digestOf("1.0.0"),
  decisionId: "older",
  sequence: 1,
  requirement: "sluice:r1",
  state: "due",
  decidedAtMs: START_MS,
  attempts: 2,
  nextAttemptAtMs: START_MS,
  ...changes,
});

const said = (records: readonly { outcome: string; reason: string; decisionId: string }[]): string[] =>
  records.map(({ outcome, reason }) => `${outcome}: ${reason}`);

const STATUSES = [undefined, "baseline", "pending", "verified", "allowed", "rejected"] as const;

describe("another version", () => {
  test.each(
    STATUSES.flatMap((status) => [
      [status, "verified", "verified", "notify: verified", "due"] as const,
      [status, "allowed", "allowed", "notify: unverified-allowed", "due"] as const,
      [status, "unsigned", "pending", "wait: unsigned", undefined] as const,
      [status, "no-identity-rule", "rejected", "reject: no-identity-rule", undefined] as const,
    ]),
  )("after %s that is %s becomes %s", async (before, word, status, decision, due) => {
    const state = stateOf(before);
    const { next, records } = decideSelection(contextOf(), state, VERSION, await verdictOf(word));
    expect(said(records)).toEqual([...(before === "pending" ? ["ignore: superseded"] : []), decision]);
    expect(next).toMatchObject({ version: 5, selection: { ...VERSION, status, sequence: 5 } });
    expect(next?.outbox[RECEIVER]?.state).toBe(due);
    expect(next?.selection?.checkAtMs !== undefined).toBe(status === "pending");
    expect(new Set(records.map(({ id }) => id)).size).toBe(records.length);
  });
});

describe("the selection itself, held back", () => {
  test.each([
    ["pending", "verified", 0, "verified", "notify: verified"],
    ["pending", "unsigned", 0, "pending", "wait: unsigned"],
    ["pending", "identity-mismatch", 59_999, "pending", "wait: identity-mismatch"],
    ["pending", "unsigned", 60_000, "rejected", "reject: unsigned"],
    ["pending", "no-identity-rule", 0, "rejected", "reject: no-identity-rule"],
    ["rejected", "verified", 0, "verified", "notify: verified"],
    ["rejected", "allowed", 90_000, "allowed", "notify: unverified-allowed"],
    ["rejected", "unsigned", 0, "rejected", "reject: unsigned"],
  ] as const)("%s, now %s after %i ms, becomes %s", async (before, word, afterMs, status, decision) => {
    const context = contextOf({ nowMs: START_MS + afterMs });
    const state = stateOf(before, VERSION);
    const { next, records } = decideSelection(context, state, VERSION, await verdictOf(word));
    expect(said(records)).toEqual([decision]);
    expect(records[0]?.decisionId).toBe("earlier");
    expect(next?.selection).toMatchObject({ status, sequence: 1, decisionId: "earlier", checks: 2 });
  });
});

test("ids are the same for the same state, and others for each turn of a tag that moves back and forth", async () => {
  const verdict = await verdictOf("verified");
  const decide = (state: SubscriptionState, digest = DIGEST) =>
    decideSelection(contextOf(), state, { tag: "latest", digest }, verdict);
  const first = decide(stateOf());
  expect(decide(stateOf())).toEqual(first);
  const ids = new Set<string>();
  let state = stateOf();
  for (const text of ["a", "b", "a", "b"]) {
    const { next, records } = decide(state, digestOf(text));
    state = next ?? state;
    for (const { id, decisionId } of records) ids.add(id).add(decisionId);
  }
  expect(ids.size).toBe(8);
});

test("an id does not come back when the selection went away in between", async () => {
  const verdict = await verdictOf("verified");
  const first = decideSelection(contextOf(), stateOf(), VERSION, verdict);
  const away = decideBaseline(contextOf(), first.next ?? stateOf(), undefined, {});
  const again = decideSelection(contextOf(), away.next, VERSION, verdict);
  expect(again.records[0]?.id).not.toBe(first.records[0]?.id);
});

describe("who is told", () => {
  test.each([
    ["enforce", [RECEIVER], "notify: verified", 1],
    ["observe", [RECEIVER], "notify: verified", 0],
    ["enforce", [], "ignore: no-receiver", 0],
  ] as const)("in mode %s with receivers %j", async (mode, receivers, decision, entries) => {
    const context = contextOf({ mode }, { receivers });
    const { next, records } = decideSelection(context, stateOf(), VERSION, await verdictOf("verified"));
    expect(said(records)).toEqual([decision]);
    expect(Object.keys(next?.outbox ?? {})).toHaveLength(entries);
  });

  test("a newer decision takes the place of the older one; what was accepted of itself stays", async () => {
    const state = { ...stateOf("verified"), outbox: { [RECEIVER]: entryOf({ state: "accepted" }) } };
    const verdict = await verdictOf("verified");
    const { next } = decideSelection(contextOf(), state, VERSION, verdict);
    expect(next?.outbox[RECEIVER]).toMatchObject({ ...VERSION, state: "due", attempts: 0 });
    const own = entryOf({ ...VERSION, decisionId: "earlier", state: "accepted" });
    const reopened = { ...stateOf("pending", VERSION), outbox: { [RECEIVER]: own } };
    expect(decideSelection(contextOf(), reopened, VERSION, verdict).next?.outbox[RECEIVER]).toBe(own);
  });

  test.each([
    ["sluice", "withdrawn", ["reject: shadowed-by-unverified", "wait: unsigned"]],
    ["object", "due", ["wait: unsigned"]],
  ] as const)(
    "not of what is due under an unverified version, by a rule of %s",
    async (origin, state, records) => {
      const before = { ...stateOf("verified"), outbox: { [RECEIVER]: entryOf() } };
      const context = contextOf({}, { rules: [ruleOf("own", origin)] });
      const decided = decideSelection(context, before, VERSION, await verdictOf("unsigned"));
      expect(decided.next?.outbox[RECEIVER]?.state).toBe(state);
      expect(said(decided.records)).toEqual(records);
    },
  );
});

describe("a baseline", () => {
  test.each(STATUSES)("after %s is silent", (before) => {
    const state = { ...stateOf(before), outbox: { [RECEIVER]: entryOf() } };
    const { next, records } = decideBaseline(contextOf(), state, VERSION, { cause: "manifest-changed" });
    expect(next.selection).toMatchObject({ ...VERSION, status: "baseline" });
    expect(next.outbox[RECEIVER]?.state).toBe("withdrawn");
    expect(said(records)).toEqual([
      "ignore: catalog-changed",
      ...(before === "pending" ? ["ignore: superseded"] : []),
      "ignore: baseline",
    ]);
  });

  test("of nothing ends what was pending", () => {
    const { next, records } = decideBaseline(contextOf(), stateOf("pending"), undefined, {});
    expect(next.selection).toBeUndefined();
    expect(said(records)).toEqual(["ignore: catalog-changed"]);
  });
});

test("what is ignored is recorded once for each version and reason", () => {
  const idOf = (tag: string, reason: string, nowMs = START_MS) =>
    decideIgnored(contextOf({ nowMs }), { tag }, reason).records[0]?.id;
  expect(idOf("1.0.0", "not-newer", START_MS + 5)).toBe(idOf("1.0.0", "not-newer"));
  expect(new Set([idOf("1.0.0", "a"), idOf("1.0.0", "b"), idOf("1.0.1", "a")]).size).toBe(3);
});
