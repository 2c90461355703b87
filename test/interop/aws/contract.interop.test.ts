import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import { createDynamoStateStore } from "../../../shared/adapters/aws/dynamodb/state-store.ts";
import { createSqsWorkQueue } from "../../../shared/adapters/aws/sqs/work-queue.ts";
import { describeStateStore } from "../../contract/state-store.suite.ts";
import { describeWorkQueue } from "../../contract/work-queue.suite.ts";
import { startDynamo, startElasticMq, startMoto } from "../world/aws.ts";
import { createWorld, type World } from "../world/world.ts";

const DAY_MS = 24 * 3_600_000;

let world: World;
let dynamo: Awaited<ReturnType<typeof startDynamo>>;
let sqs: Awaited<ReturnType<typeof startElasticMq>>;

beforeAll(async () => {
  world = await createWorld();
  // Another server of DynamoDB's protocol takes moto's place where this names it.
  const url = process.env.SLUICE_DYNAMODB_URL ?? (await startMoto(world)).url;
  [dynamo, sqs] = await Promise.all([startDynamo(world, url), startElasticMq(world)]);
});

afterAll(() => world.close());

const createClock = () => {
  let nowMs = Date.now();
  return {
    nowMs: () => nowMs,
    advance: async (ms: number) => {
      nowMs += ms;
    },
  };
};

describeStateStore("DynamoDB", async () => {
  const clock = createClock();
  const name = await dynamo.createTable();
  const state = createDynamoStateStore({ client: dynamo.client, name, clock, retentionMs: 90 * DAY_MS });
  return { state, advance: clock.advance, nowMs: clock.nowMs, close: async () => {} };
});

describeWorkQueue("SQS", async () => {
  const [queueUrl, deadLetterUrl] = await Promise.all([sqs.createQueue(), sqs.createQueue()]);
  const queue = createSqsWorkQueue({
    client: sqs.client,
    queueUrl,
    deadLetterUrl,
    delayed: { add: async () => {} },
  });
  return {
    queue,
    // The service's clock is its own, in whole seconds.
    advance: async (ms) => {
      await wait(Math.ceil(ms / 1_000) * 1_000 + 200);
    },
    close: async () => {},
  };
});
