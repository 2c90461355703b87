import { beforeEach, describe, expect, test } from "vitest";
import { createDynamoStateStore } from "../../../shared/adapters/aws/dynamodb/state-store.ts";
import type { DecisionRecord, StateStore, SubscriptionState } from "../../../shared/state.ts";
import type { Dynamo } from "../world/aws.ts";

const NOW_MS = Date.now();
const DIGEST = `sha256:${"a".repeat(64)}` as const;
const KIB = 1_024;

const record = (at: number, bytes = 0): DecisionRecord => ({
  kind: "decision",
  id: `r${String(at).padStart(4, "0")}`,
  decisionId: "d",
  atMs: NOW_MS,
  subscription: "s",
  repository: { registry: "r.example", repository: "a/b" },
  tag: "1.0.0",
  digest: DIGEST,
  outcome: "notify",
  reason: "verified",
  catalogVersion: "c1",
  facts: { text: "x".repeat(bytes) },
});

const row = (subscription: string, version: number, bytes: number): SubscriptionState => ({
  subscription,
  version,
  selectorHash: "h".repeat(bytes),
  outbox: {},
});

/** What DynamoDB bounds, and what it refuses: servers that know nothing of each other must say the same of our requests. */
export const describeDynamoLimits = (server: string, open: () => Dynamo): void => {
  describe(`DynamoDB's limits, ${server}`, () => {
    let state: StateStore;
    beforeEach(async () => {
      const { client, createTable } = open();
      const settings = { client, name: await createTable(), clock: { nowMs: () => NOW_MS } };
      state = createDynamoStateStore({ ...settings, retentionMs: 24 * 3_600_000 });
    });

    test("a decision whose records fill more than one page of 1 MB is read whole, in order", async () => {
      const records = Array.from({ length: 40 }, (_, at) => record(at, 40 * KIB));
      for (const one of records) await state.commit("s", 0, { records: [one] });
      const found = await state.records({ decisionId: "d", limit: 100 });
      expect(found.map(({ id }) => id)).toEqual(records.map(({ id }) => id));
    });

    test("large rows are listed each once, however few of them a page holds", async () => {
      const ids = Array.from({ length: 12 }, (_, at) => `s${String(at).padStart(2, "0")}`);
      for (const id of ids) await state.commit(id, 0, { next: row(id, 1, 350 * KIB), records: [] });
      const listed: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await state.list(5, cursor);
        listed.push(...page.rows.map(({ subscription }) => subscription));
        cursor = page.cursor;
      } while (cursor !== undefined && listed.length <= ids.length);
      expect(listed).toEqual(ids);
    });

    test("more records than one answer of 16 MB holds are read all the same", async () => {
      const records = Array.from({ length: 60 }, (_, at) => record(at, 350 * KIB));
      for (const one of records) await state.commit("s", 0, { records: [one] });
      const found = await state.records({ limit: 100 });
      expect(found.map(({ id }) => id)).toEqual(records.map(({ id }) => id));
    });

    test("more records than one request may ask for are read in one go", async () => {
      for (let at = 0; at < 250; at += 50) {
        const records = Array.from({ length: 50 }, (_, index) => record(at + index));
        await state.commit("s", 0, { records });
      }
      expect(await state.records({ limit: 1_000 })).toHaveLength(250);
    });

    test.each([
      ["by itself", []],
      ["with its records", [record(1)]],
    ])(
      "a row above 400 KB, %s, is refused with the reason, and nothing of it is kept",
      async (_what, records) => {
        const late = state.commit("s", 0, { next: row("s", 1, 400 * KIB), records });
        await expect(late).rejects.toMatchObject({
          code: "STATE_UNAVAILABLE",
          message: expect.stringMatching(/^DynamoDB, a .*size/i),
        });
        expect((await state.load("s")).version).toBe(0);
        expect(await state.records({ limit: 10 })).toEqual([]);
      },
    );

    test("a commit of as many items as a transaction takes is whole; one more is refused before it is sent", async () => {
      const many = (count: number) => Array.from({ length: count }, (_, at) => record(at));
      await expect(state.commit("s", 0, { next: row("s", 1, 1), records: many(100) })).rejects.toMatchObject({
        code: "STATE_UNAVAILABLE",
      });
      expect(await state.commit("s", 0, { next: row("s", 1, 1), records: many(99) })).toBe("committed");
      expect(await state.records({ limit: 1_000 })).toHaveLength(99);
    });

    test("twenty writers with records of their own: one wins, and the others leave nothing", async () => {
      const racers = Array.from({ length: 20 }, (_, at) =>
        state.commit("s", 0, { next: row("s", 1, at + 1), records: [record(at)] }),
      );
      const outcomes = await Promise.all(racers);
      expect(outcomes.filter((outcome) => outcome === "committed")).toHaveLength(1);
      const winner = outcomes.indexOf("committed");
      expect((await state.load("s")).selectorHash).toHaveLength(winner + 1);
      expect((await state.records({ limit: 100 })).map(({ id }) => id)).toEqual([record(winner).id]);
    });
  });
};
