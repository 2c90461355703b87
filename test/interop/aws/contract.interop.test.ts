import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import { createDynamoStateStore } from "../../../shared/adapters/aws/dynamodb/state-store.ts";
import { createSqsWorkQueue } from "../../../shared/adapters/aws/sqs/work-queue.ts";
import { describeStateStore } from "../../contract/state-store.suite.ts";
import { describeWorkQueue } from "../../contract/work-queue.suite.ts";
import { DYNAMOS, startDynamos, startElasticMq } from "../world/aws.ts";
import { createWorld, type World } from "../world/world.ts";

const DAY_MS = 24 * 3_600_000;

let world: World;
let dynamoOf: Awaited<ReturnType<typeof startDynamos>>;
let sqs: Awaited<ReturnType<typeof startElasticMq>>;

beforeAll(async () => {
  world = await createWorld();
  [dynamoOf, sqs] = await Promise.all([startDynamos(world), startElasticMq(world)]);
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

const describeDynamo = (server: string): void =>
  describeStateStore(`DynamoDB, ${server}`, async () => {
    const clock = createClock();
    const { client, createTable } = dynamoOf(server);
    const settings = { client, name: await createTable(), clock, retentionMs: 90 * DAY_MS };
    return { state: createDynamoStateStore(settings), ...clock, close: async () => {} };
  });

for (const server of DYNAMOS) describeDynamo(server);

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
