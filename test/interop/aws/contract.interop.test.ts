import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import { createSqsWorkQueue } from "../../../shared/adapters/aws/sqs/work-queue.ts";
import { describeWorkQueue } from "../../contract/work-queue.suite.ts";
import { DYNAMOS, startDynamos, startElasticMq } from "../world/aws.ts";
import { createWorld, type World } from "../world/world.ts";
import { describeDynamoContract } from "./dynamo-contract.ts";
import { describeDynamoLimits } from "./dynamo-limits.ts";

let world: World;
let dynamoOf: Awaited<ReturnType<typeof startDynamos>>;
let sqs: Awaited<ReturnType<typeof startElasticMq>>;

beforeAll(async () => {
  world = await createWorld();
  [dynamoOf, sqs] = await Promise.all([startDynamos(world), startElasticMq(world)]);
});

afterAll(() => world.close());

for (const server of DYNAMOS) {
  describeDynamoContract(server, () => dynamoOf(server));
  describeDynamoLimits(server, () => dynamoOf(server));
}

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
