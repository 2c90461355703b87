import { createDynamoStateStore } from "../../../shared/adapters/aws/dynamodb/state-store.ts";
import { describeStateStore } from "../../contract/state-store.suite.ts";
import type { Dynamo } from "../world/aws.ts";

const DAY_MS = 24 * 3_600_000;

const createClock = () => {
  let nowMs = Date.now();
  return {
    nowMs: () => nowMs,
    advance: async (ms: number) => {
      nowMs += ms;
    },
  };
};

/** The contract of every state store, on a server of DynamoDB's protocol. */
export const describeDynamoContract = (server: string, open: () => Dynamo): void =>
  describeStateStore(`DynamoDB, ${server}`, async () => {
    const clock = createClock();
    const { client, createTable } = open();
    const settings = { client, name: await createTable(), clock, retentionMs: 90 * DAY_MS };
    return { state: createDynamoStateStore(settings), ...clock, close: async () => {} };
  });
