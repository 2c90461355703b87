import { readFileSync } from "node:fs";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { toDecisionEvent } from "../../../shared/pipeline/announce.ts";
import type { ConfirmationRecord, StateRecord } from "../../../shared/state.ts";
import { BUS_EVENTS } from "../../../shared/telemetry/bus-events.ts";
import { generateEventSchemas } from "../../support/json-schema.ts";
import { createHarness, digestOf } from "../pipeline/harness.ts";

const problemsOf = (record: StateRecord): readonly string[] => {
  const { type, detail } = toDecisionEvent(record);
  // As it travels.
  const parsed = v.safeParse(BUS_EVENTS[type], JSON.parse(JSON.stringify(detail)));
  return parsed.success ? [] : parsed.issues.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`);
};

describe("events on a bus", () => {
  test("fit their schemas, as the pipeline makes them", async () => {
    const { sweep, publish, advance, state } = createHarness();
    await sweep();
    await publish("1.0.0");
    await publish("1.1.0", "identity-mismatch");
    await advance(60_000);
    const records = await state.records({ limit: 100 });
    expect(new Set(records.map(({ kind }) => kind))).toEqual(new Set(["decision", "attempt"]));
    // The place in the log is the store's own and no part of a record.
    for (const { sequence: _own, ...record } of records) expect(problemsOf(record)).toEqual([]);
  });

  test("confirmations fit theirs", () => {
    const record: ConfirmationRecord = {
      kind: "confirmation",
      id: "c",
      decisionId: "d",
      atMs: 1,
      subscription: "c/OCIRepository/apps/app",
      outcome: "applied",
      object: "Kustomization/apps/app",
      reason: "ReconciliationSucceeded",
      message: "done",
      revision: `1.0.0@${digestOf("1.0.0")}`,
      tag: "1.0.0",
      digest: digestOf("1.0.0"),
      sincePushMs: 1_200,
    };
    expect(problemsOf(record)).toEqual([]);
    expect(problemsOf({ ...record, outcome: "other" as "applied" })).not.toEqual([]);
  });

  test.each(Object.entries(generateEventSchemas()))(
    "docs/events has the schema of %s (npm run schema)",
    (name, text) => {
      const committed = readFileSync(
        new URL(`../../../docs/events/${name}.schema.json`, import.meta.url),
        "utf8",
      );
      expect(JSON.parse(committed)).toEqual(JSON.parse(text));
    },
  );
});
