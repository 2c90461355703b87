import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AWS_COST } from "../../../infra/aws/cost.ts";
import { readPrices } from "../../../infra/cost.ts";
import { createDynamoStateStore } from "../../../shared/adapters/aws/dynamodb/state-store.ts";
import { createPipeline } from "../../../shared/pipeline.ts";
import type { QueuedWork, Work } from "../../../shared/ports.ts";
import { createHarness, digestOf, REPOSITORY, subscriptionOf } from "../../unit/pipeline/harness.ts";
import { startDynamo, startDynoxide } from "../world/aws.ts";
import { createWorld, type World } from "../world/world.ts";

const MANY = 10;
const WRITES = /^(?:Put|Update|Delete|TransactWrite)/;
/** Rows here are smaller than those of long names and many receivers, which the price list allows for. */
const LEAST = 0.6;

let world: World;
let dynamo: Awaited<ReturnType<typeof startDynamo>>;
let used = { writeUnit: 0, readUnit: 0 };

interface Consumed {
  readonly CapacityUnits?: number;
}

/** What DynamoDB says that it bills for an answer, indexes included. */
const unitsOf = (output: object): number => {
  const consumed = Reflect.get(output, "ConsumedCapacity") as Consumed | readonly Consumed[] | undefined;
  return [consumed ?? []].flat().reduce((sum, { CapacityUnits = 0 }: Consumed) => sum + CapacityUnits, 0);
};

beforeAll(async () => {
  world = await createWorld();
  dynamo = await startDynamo(world, (await startDynoxide(world)).url);
  dynamo.client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const answer = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: "INDEXES" } });
        used[WRITES.test(String(commandName)) ? "writeUnit" : "readUnit"] += unitsOf(answer.output);
        return answer;
      },
    { step: "initialize" },
  );
});
afterAll(() => world.close());

const objectOf = (cluster: string) => {
  const { object } = subscriptionOf();
  const id = `${cluster}/OCIRepository/apps/shop`;
  return subscriptionOf({
    id,
    cluster,
    object,
    target: object,
    receivers: [`${cluster}/flux-system/sluice`],
  });
};

/** One signed push that so many clusters follow, decided and told; after one that made the rows what they are. */
const usedByPush = async (clusters: number) => {
  const at = createHarness(Array.from({ length: clusters }, (_, index) => objectOf(`production-${index}`)));
  const name = await dynamo.createTable();
  const state = createDynamoStateStore({
    ...{ client: dynamo.client, name, clock: at.deps.clock },
    retentionMs: 90 * 24 * 3_600_000,
  });
  const queued: Work[] = [];
  let batches = 0;
  const send = async (messages: readonly QueuedWork[]): Promise<void> => {
    batches += Math.ceil(messages.length / 10);
    queued.push(...messages.map(({ work }) => work));
  };
  const pipeline = createPipeline({ ...at.deps, state, queue: { send } });
  const push = async (tag: string) => {
    const digest = digestOf(tag);
    at.tags.set(tag, digest);
    at.signed.set(digest, "verified");
    const event = { source: "ecr", kind: "artifact", ...REPOSITORY, tag, digest, id: tag } as const;
    const work = {
      kind: "push",
      push: event,
      receivedAtMs: at.deps.clock.nowMs(),
      authenticated: true,
    } as const;
    await pipeline.run(work, at.signal);
    for (const hint of queued.splice(0)) await pipeline.run(hint, at.signal);
  };
  at.tags.set("1.0.0", digestOf("1.0.0"));
  await pipeline.run({ kind: "sweep", repository: REPOSITORY }, at.signal);
  await push("1.1.0");
  used = { writeUnit: 0, readUnit: 0 };
  batches = 0;
  await push("1.2.0");
  expect(at.told().filter((tag) => tag === "1.2.0")).toHaveLength(clusters);
  return { ...used, batches };
};

describe("what a push uses, beside what the price list says", () => {
  const prices = readPrices(AWS_COST);
  let one: Awaited<ReturnType<typeof usedByPush>>;
  let many: Awaited<ReturnType<typeof usedByPush>>;

  beforeAll(async () => {
    one = await usedByPush(1);
    many = await usedByPush(MANY);
  });

  test.each(["writeUnit", "readUnit"] as const)("%s: once, and for each cluster", (unit) => {
    const { push = 0, cluster = 0 } = prices[unit]?.use ?? {};
    const counted = (many[unit] - one[unit]) / (MANY - 1);
    expect(counted).toBeLessThanOrEqual(cluster);
    expect(counted).toBeGreaterThanOrEqual(cluster * LEAST);
    expect(one[unit] - counted).toBe(push);
  });

  test("hints for ten receivers are one request", () => {
    expect([one.batches, many.batches]).toEqual([1, 1]);
  });
});
