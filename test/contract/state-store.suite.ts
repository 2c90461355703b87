import { describe, expect } from "vitest";
import type {
  AttemptRecord,
  DecisionRecord,
  OutboxEntry,
  StateStore,
  SubscriptionState,
} from "../../shared/state.ts";
import { testWith } from "./with-subject.ts";

export interface StateUnderTest {
  readonly state: StateStore;
  advance(ms: number): Promise<void>;
  nowMs(): number;
  close(): Promise<void>;
}

const DIGEST = `sha256:${"a".repeat(64)}` as const;

const record = (id: string, subscription: string, atMs: number): DecisionRecord => ({
  kind: "decision",
  id,
  decisionId: `d-${id}`,
  atMs,
  subscription,
  repository: { registry: "r.example", repository: "a/b" },
  tag: "1.0.0",
  digest: DIGEST,
  outcome: "notify",
  reason: "verified",
  catalogVersion: "c1",
  facts: { nested: { list: [1, "two"] } },
});

const attempt = (id: string, receiver: string, atMs: number): AttemptRecord => ({
  kind: "attempt",
  id,
  decisionId: `d-${id}`,
  atMs,
  subscription: "s",
  receiver,
  deliveryId: "dlv",
  attempt: 1,
  outcome: "accepted",
  durationMs: 1,
});

const entry = (dueAtMs: number | undefined): OutboxEntry => ({
  digest: DIGEST,
  decisionId: "d",
  requirement: "r",
  sequence: 1,
  state: dueAtMs === undefined ? "accepted" : "due",
  decidedAtMs: 0,
  attempts: 0,
  ...(dueAtMs === undefined ? {} : { nextAttemptAtMs: dueAtMs }),
});

const row = (
  subscription: string,
  version: number,
  outbox: SubscriptionState["outbox"] = {},
): SubscriptionState => ({
  subscription,
  version,
  selectorHash: "h",
  outbox,
});

/** What every state store must do. */
export const describeStateStore = (name: string, create: () => Promise<StateUnderTest>): void => {
  describe(`StateStore: ${name}`, () => {
    const run = testWith(create);

    run("answers an empty row for what it does not know", async ({ state }) => {
      expect(await state.load("x")).toEqual({ subscription: "x", version: 0, selectorHash: "", outbox: {} });
    });

    run("commits row and records together, by compare-and-set", async ({ state, nowMs }) => {
      const first = { next: row("s", 1), records: [record("one", "s", nowMs())] };
      expect(await state.commit("s", 0, first)).toBe("committed");
      expect(await state.load("s")).toEqual(row("s", 1));
      const late = { next: row("s", 1), records: [record("lost", "s", nowMs())] };
      expect(await state.commit("s", 0, late)).toBe("conflict");
      expect(await state.commit("s", 1, { next: row("s", 2), records: [] })).toBe("committed");
      const ids = (await state.records({ limit: 10 })).map(({ id }) => id);
      expect(ids).toEqual(["one"]);
    });

    run("lets exactly one of many racing writers win", async ({ state }) => {
      const racers = Array.from({ length: 20 }, (_, index) =>
        state.commit("s", 0, { next: { ...row("s", 1), selectorHash: `h${index}` }, records: [] }),
      );
      const outcomes = await Promise.all(racers);
      expect(outcomes.filter((outcome) => outcome === "committed")).toHaveLength(1);
      const winner = outcomes.indexOf("committed");
      expect((await state.load("s")).selectorHash).toBe(`h${winner}`);
    });

    run("loses none of 20 racing increments that retry on conflict", async ({ state }) => {
      const increment = async (): Promise<void> => {
        for (;;) {
          const current = await state.load("s");
          const next = row("s", current.version + 1);
          if ((await state.commit("s", current.version, { next, records: [] })) === "committed") return;
        }
      };
      await Promise.all(Array.from({ length: 20 }, increment));
      expect((await state.load("s")).version).toBe(20);
    });

    run("takes the same record twice in one change, as the first of the two", async ({ state, nowMs }) => {
      const twice = [record("one", "s", nowMs()), { ...record("one", "s", nowMs()), tag: "2.0.0" }];
      expect(await state.commit("s", 0, { next: row("s", 1), records: twice })).toBe("committed");
      const found = await state.records({ decisionId: "d-one", limit: 10 });
      expect(found.map((one) => one.kind === "decision" && one.tag)).toEqual(["1.0.0"]);
      expect(await state.commit("s", 1, { records: twice })).toBe("committed");
      expect(await state.records({ limit: 10 })).toHaveLength(1);
    });

    run("appends records without a row, once per id", async ({ state, nowMs }) => {
      const change = { records: [record("one", "s", nowMs())] };
      expect(await state.commit("s", 0, change)).toBe("committed");
      expect(await state.commit("s", 0, change)).toBe("committed");
      const [only, ...others] = await state.records({ limit: 10 });
      expect(others).toEqual([]);
      expect(only).toMatchObject({ ...record("one", "s", only?.atMs ?? 0) });
    });

    run(
      "finds records by subscription, decision, repository and outcome, in both directions",
      async ({ state, nowMs }) => {
        for (const [index, subscription] of ["s", "t", "s"].entries()) {
          await state.commit(subscription, 0, {
            records: [record(`r${index}`, subscription, nowMs() + index)],
          });
        }
        const ids = async (query: Parameters<StateStore["records"]>[0]) =>
          (await state.records(query)).map(({ id }) => id);
        expect(await ids({ subscription: "s", limit: 10 })).toEqual(["r0", "r2"]);
        expect(await ids({ subscription: "s", limit: 10, newestFirst: true })).toEqual(["r2", "r0"]);
        expect(await ids({ decisionId: "d-r1", limit: 10 })).toEqual(["r1"]);
        expect(await ids({ repository: "r.example/a/b", limit: 2 })).toEqual(["r0", "r1"]);
        expect(await ids({ outcome: "reject", limit: 2 })).toEqual([]);
        const [first] = await state.records({ limit: 1 });
        expect(await ids({ afterSequence: first?.sequence ?? -1, limit: 10 })).toEqual(["r1", "r2"]);
      },
    );

    run("finds a receiver's requests, however many others there were since", async ({ state, nowMs }) => {
      const requests = ["r1", "r2", "r1", "r2", "r2"].map((receiver, index) =>
        attempt(`a${index}`, receiver, nowMs() + index),
      );
      const decided = { ...record("r1", "s", nowMs()), repository: { registry: "r1", repository: "r1" } };
      for (const one of [...requests, decided]) await state.commit("s", 0, { records: [one] });
      const ids = async (query: Parameters<StateStore["records"]>[0]) =>
        (await state.records(query)).map(({ id }) => id);
      expect(await ids({ receiver: "r1", limit: 10 })).toEqual(["a0", "a2"]);
      expect(await ids({ receiver: "r1", limit: 1, newestFirst: true })).toEqual(["a2"]);
      expect(await ids({ receiver: "r2", subscription: "s", limit: 2, newestFirst: true })).toEqual([
        "a4",
        "a3",
      ]);
      expect(await ids({ receiver: "r2", decisionId: "d-a3", limit: 10 })).toEqual(["a3"]);
      expect(await ids({ receiver: "r3", limit: 10 })).toEqual([]);
    });

    run("finds what is due, per receiver, and nothing that left", async ({ state, nowMs }) => {
      const now = nowMs();
      await state.commit("s", 0, {
        next: row("s", 1, { r1: entry(now), r2: entry(now + 5_000) }),
        records: [],
      });
      await state.commit("t", 0, { next: row("t", 1, { r1: entry(now - 1) }), records: [] });
      expect(await state.dueReceivers(now, 10)).toEqual(["r1"]);
      expect(await state.dueSubscriptions("r1", now, 10)).toEqual(["t", "s"]);
      expect(await state.dueSubscriptions("r1", now, 1)).toEqual(["t"]);
      expect([...(await state.dueReceivers(now + 5_000, 10))].sort()).toEqual(["r1", "r2"]);
      await state.commit("t", 1, { next: row("t", 2, { r1: entry(undefined) }), records: [] });
      expect(await state.dueSubscriptions("r1", now, 10)).toEqual(["s"]);
    });

    run("finds what was accepted and is not confirmed, when it is to be poked again", async (subject) => {
      const { state, nowMs } = subject;
      const now = nowMs();
      const accepted = { ...entry(undefined), confirmByMs: now };
      await state.commit("s", 0, { next: row("s", 1, { r1: accepted }), records: [] });
      expect(await state.dueReceivers(now - 1, 10)).toEqual([]);
      expect(await state.dueReceivers(now, 10)).toEqual(["r1"]);
      expect(await state.dueSubscriptions("r1", now, 10)).toEqual(["s"]);
    });

    run("keeps what a cluster said beside the decision", async ({ state, nowMs }) => {
      const said = {
        kind: "confirmation",
        id: "said",
        decisionId: "d-one",
        atMs: nowMs(),
        subscription: "s",
        outcome: "applied",
        object: "OCIRepository/ns/o",
        reason: "NewArtifact",
        digest: DIGEST,
      } as const;
      await state.commit("s", 0, { records: [record("one", "s", nowMs()), said] });
      const found = await state.records({ decisionId: "d-one", limit: 10 });
      expect(found.map(({ kind }) => kind)).toEqual(["decision", "confirmation"]);
      expect(found[1]).toMatchObject(said);
      expect(await state.records({ outcome: "notify", limit: 10 })).toHaveLength(1);
    });

    run("lists every row once, page by page", async ({ state }) => {
      const ids = Array.from({ length: 7 }, (_, index) => `c/OCIRepository/ns/o${index}`);
      for (const id of ids) await state.commit(id, 0, { next: row(id, 1), records: [] });
      const seen: string[] = [];
      let cursor: string | undefined;
      for (let pages = 0; pages < 10; pages++) {
        const page = await state.list(3, cursor);
        expect(page.rows.length).toBeLessThanOrEqual(3);
        seen.push(...page.rows.map(({ subscription }) => subscription));
        cursor = page.cursor;
        if (cursor === undefined) break;
      }
      expect(seen.sort()).toEqual(ids);
    });

    run("finds checks that are due", async ({ state, nowMs }) => {
      const now = nowMs();
      const selection = {
        digest: DIGEST,
        sequence: 1,
        status: "pending",
        reason: "unsigned",
        decisionId: "d",
        sinceMs: now,
        deadlineMs: now + 9,
        checks: 0,
      } as const;
      await state.commit("s", 0, {
        next: { ...row("s", 1), selection: { ...selection, checkAtMs: now } },
        records: [],
      });
      expect(await state.dueChecks(now - 1, 10)).toEqual([]);
      expect(await state.dueChecks(now, 10)).toEqual(["s"]);
      await state.commit("s", 1, { next: { ...row("s", 2), selection }, records: [] });
      expect(await state.dueChecks(now, 10)).toEqual([]);
    });

    run("remembers what is done until it expires", async ({ state, advance, nowMs }) => {
      expect(await state.isDone("k")).toBe(false);
      await state.markDone("k", nowMs() + 1_000);
      expect(await state.isDone("k")).toBe(true);
      await advance(1_001);
      expect(await state.isDone("k")).toBe(false);
    });

    run("lets one owner in until its lease ends or it releases", async ({ state, advance, nowMs }) => {
      expect(await state.claim("k", "first", nowMs() + 1_000)).toBe(true);
      expect(await state.claim("k", "second", nowMs() + 1_000)).toBe(false);
      await advance(1_001);
      expect(await state.claim("k", "second", nowMs() + 1_000)).toBe(true);
      // Too late: no longer the owner.
      await state.release("k", "first");
      expect(await state.claim("k", "third", nowMs() + 1_000)).toBe(false);
      await state.release("k", "second");
      expect(await state.claim("k", "third", nowMs() + 1_000)).toBe(true);
    });

    run("keeps documents by compare-and-set", async ({ state }) => {
      expect(await state.loadDocument("d")).toBeUndefined();
      expect(await state.saveDocument("d", 0, { failures: 1 })).toBe(true);
      expect(await state.saveDocument("d", 0, { failures: 9 })).toBe(false);
      expect(await state.loadDocument("d")).toEqual({ version: 1, value: { failures: 1 } });
      expect(await state.saveDocument("d", 1, { failures: 2 })).toBe(true);
      expect((await state.loadDocument("d"))?.value).toEqual({ failures: 2 });
    });

    run("prunes what is older than asked for", async ({ state, nowMs }) => {
      await state.commit("s", 0, {
        records: [record("old", "s", nowMs() - 10), record("new", "s", nowMs())],
      });
      expect(await state.prune(nowMs() - 5)).toBe(1);
      expect((await state.records({ limit: 10 })).map(({ id }) => id)).toEqual(["new"]);
    });
  });
};
