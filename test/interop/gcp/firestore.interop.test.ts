import { afterAll, beforeAll } from "vitest";
import { createFirestoreDatabase } from "../../../shared/adapters/gcp/firestore/database.ts";
import { createFirestoreStateStore } from "../../../shared/adapters/gcp/firestore/state-store.ts";
import { describeStateStore } from "../../contract/state-store.suite.ts";
import { createWorld, type World } from "../world/world.ts";
import { openApi, startFirestore } from "./emulators.ts";

let world: World;
let baseUrl: string;

beforeAll(async () => {
  world = await createWorld();
  baseUrl = (await startFirestore(world)).url;
});
afterAll(() => world?.close());

let projects = 0;

describeStateStore("Firestore", async () => {
  projects += 1;
  const database = createFirestoreDatabase({ api: openApi(), project: `state-${projects}`, baseUrl });
  // Nothing here is compared with the emulator's own clock.
  let atMs = Date.now();
  const nowMs = (): number => atMs;
  return {
    state: createFirestoreStateStore(database, { nowMs }),
    advance: async (ms) => {
      atMs += ms;
    },
    nowMs,
    close: async () => {},
  };
});
