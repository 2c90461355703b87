import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { beforeEach, describe, expect, test } from "vitest";
import { CLIENT_SETTINGS } from "../../../shared/adapters/aws/client-settings.ts";
import { createDynamoStateStore } from "../../../shared/adapters/aws/dynamodb/state-store.ts";
import type { StateRecord, SubscriptionState } from "../../../shared/state.ts";
import { type AwsAnswer, type AwsRequest, startAwsDouble } from "./aws-double.ts";

const NOW_MS = 1_700_000_000_000;
const PREFIX = "com.amazonaws.dynamodb.v20120810#";

let answer: (request: AwsRequest, before: number) => AwsAnswer;
const double = await startAwsDouble((request) => {
  const same = double.requests.filter(({ action }) => action === request.action);
  return answer(request, same.length - 1);
});
beforeEach(() => {
  double.requests.length = 0;
});

/** The clients' own, but for the last try: each waits about a second longer than the one before. */
const maxAttempts = CLIENT_SETTINGS.maxAttempts - 2;
const client = new DynamoDBClient({ ...double.settings(), maxAttempts });
const store = () =>
  createDynamoStateStore({ client, name: "t", clock: { nowMs: () => NOW_MS }, retentionMs: 1_000 });

const failing = (type: string, more: Readonly<Record<string, unknown>> = {}): AwsAnswer => ({
  status: 400,
  body: { __type: `${PREFIX}${type}`, message: type, ...more },
});
const canceled = (...codes: readonly string[]): AwsAnswer =>
  failing("TransactionCanceledException", {
    CancellationReasons: codes.map((Code) => ({ Code, ...(Code === "None" ? {} : { Message: "why" }) })),
  });

const timesAsked = (operation: string): number =>
  double.requests.filter(({ action }) => action.endsWith(`.${operation}`)).length;

describe("DynamoDB that has too much to do", () => {
  test.each(["ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"])(
    "%s: asked again, in the end the caller's message comes again",
    async (type) => {
      answer = (_request, before) => (before < 1 ? failing(type) : { body: {} });
      expect(await store().load("s")).toMatchObject({ version: 0 });
      expect(timesAsked("GetItem")).toBe(2);
      answer = () => failing(type);
      await expect(store().load("s")).rejects.toMatchObject({
        code: "STATE_UNAVAILABLE",
        message: `DynamoDB, a row: ${type}`,
      });
      expect(timesAsked("GetItem")).toBe(2 + maxAttempts);
    },
  );

  test("items that one answer left out are asked for again, and not without end", async () => {
    const rows = ["a", "b"].map((name) => ({ pk: { S: `row#${name}` }, sk: { S: "row" } }));
    const whole = { ...rows[0], state: { S: JSON.stringify({ subscription: "a", version: 1 }) } };
    answer = ({ action }, before) => {
      if (action.endsWith(".Query")) return { body: { Items: rows } };
      return before === 0
        ? { body: { Responses: { t: [whole] }, UnprocessedKeys: { t: { Keys: [rows[1]] } } } }
        : { body: { Responses: { t: [{ ...whole, pk: rows[1]?.pk }] } } };
    };
    expect((await store().list(10)).rows).toHaveLength(2);
    answer = ({ action }) =>
      action.endsWith(".Query")
        ? { body: { Items: rows } }
        : { body: { Responses: {}, UnprocessedKeys: { t: { Keys: rows } } } };
    await expect(store().list(10)).rejects.toMatchObject({ code: "STATE_UNAVAILABLE" });
  });
});

describe("a transaction that was turned away", () => {
  const next: SubscriptionState = { subscription: "s", version: 1, selectorHash: "h", outbox: {} };
  const records = [{ kind: "attempt", id: "one", decisionId: "d", atMs: NOW_MS, subscription: "s" }];
  const commit = () => store().commit("s", 0, { next, records: records as unknown as StateRecord[] });
  const answerCommits = (of: (before: number) => AwsAnswer): void => {
    answer = ({ action }, before) => (action.endsWith(".GetItem") ? { body: {} } : of(before));
  };

  test.each(["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])(
    "for %s is tried again",
    async (code) => {
      answerCommits((before) => (before < 2 ? canceled("None", code) : { body: {} }));
      expect(await commit()).toBe("committed");
      expect(timesAsked("TransactWriteItems")).toBe(3);
    },
  );

  test("because its condition does not hold is not, whatever else was said", async () => {
    answerCommits(() => canceled("ConditionalCheckFailed", "ThrottlingError"));
    expect(await commit()).toBe("conflict");
    expect(timesAsked("TransactWriteItems")).toBe(1);
  });

  test("for what no retry changes says why", async () => {
    answerCommits(() => canceled("ValidationError", "None"));
    await expect(commit()).rejects.toMatchObject({
      code: "STATE_UNAVAILABLE",
      message: "DynamoDB, a commit: ValidationError why",
    });
    expect(timesAsked("TransactWriteItems")).toBe(1);
  });
});
