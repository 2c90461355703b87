import { randomUUID } from "node:crypto";
import { afterAll, beforeAll } from "vitest";
import { createTableStateStore } from "../../../shared/adapters/azure/tables/state-store.ts";
import { describeStateStore } from "../../contract/state-store.suite.ts";
import { type Azurite, startAzurite } from "../world/azurite.ts";
import { createWorld, type World } from "../world/world.ts";

let world: World;
let azurite: Azurite;

beforeAll(async () => {
  world = await createWorld();
  azurite = await startAzurite(world);
});
afterAll(() => world.close());

describeStateStore("Table Storage (Azurite)", async () => {
  let nowMs = Date.now();
  const table = azurite.table(`t${randomUUID().replaceAll("-", "")}`);
  await table.createTable();
  return {
    state: createTableStateStore(table, { nowMs: () => nowMs }),
    nowMs: () => nowMs,
    advance: async (ms) => {
      nowMs += ms;
    },
    close: async () => {
      await table.deleteTable();
    },
  };
});
