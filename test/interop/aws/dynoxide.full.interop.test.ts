import { afterAll, beforeAll } from "vitest";
import { type Dynamo, startDynamo, startDynoxide } from "../world/aws.ts";
import { createWorld, type World } from "../world/world.ts";
import { describeDynamoContract } from "./dynamo-contract.ts";
import { describeDynamoLimits } from "./dynamo-limits.ts";

let world: World;
let dynamo: Dynamo;

beforeAll(async () => {
  world = await createWorld();
  dynamo = await startDynamo(world, (await startDynoxide(world)).url);
});
afterAll(() => world.close());

// A second opinion on what moto says in every run: what passes on both is not one's own habit.
describeDynamoContract("dynoxide", () => dynamo);
describeDynamoLimits("dynoxide", () => dynamo);
