import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createStorageWorkQueue, sendText } from "../../../shared/adapters/azure/storage-queue.ts";
import { createTableDeadLetters } from "../../../shared/adapters/azure/table-dead-letters.ts";
import { describeWorkQueue } from "../../contract/work-queue.suite.ts";
import { type Azurite, startAzurite } from "../world/azurite.ts";
import { createWorld, type World } from "../world/world.ts";
import { createHostConsumer } from "./host-consumer.ts";

let world: World;
let azurite: Azurite;

beforeAll(async () => {
  world = await createWorld();
  azurite = await startAzurite(world);
});
afterAll(() => world.close());

const open = async () => {
  const name = `q${randomUUID()}`;
  const client = azurite.queues.getQueueClient(name);
  const table = azurite.table(name.replaceAll("-", ""));
  await Promise.all([client.create(), table.createTable()]);
  const deadLetters = createTableDeadLetters(table, client, { nowMs: Date.now });
  return {
    client,
    deadLetters,
    queue: {
      ...createStorageWorkQueue(client),
      ...createHostConsumer(client, deadLetters),
      deadLetters,
    },
    close: async () => {
      await Promise.all([client.delete(), table.deleteTable()]);
    },
  };
};

describeWorkQueue("Queue Storage (Azurite)", async () => ({
  ...(await open()),
  // Visibility counts in whole seconds.
  advance: (ms) => wait(Math.ceil(ms / 1_000) * 1_000 + 100),
}));

describe("Queue Storage", () => {
  test("carries messages in base64, as the Functions host and Event Grid do", async () => {
    const { client, queue, close } = await open();
    await queue.send([{ id: "a", work: { kind: "evaluate", subscription: "ü" } }]);
    const [message] = (await client.receiveMessages()).receivedMessageItems;
    expect(JSON.parse(Buffer.from(message?.messageText ?? "", "base64").toString())).toEqual({
      sluice: 1,
      id: "a",
      work: { kind: "evaluate", subscription: "ü" },
    });
    await close();
  });

  test("keeps work for longer than a queue's week", async () => {
    const { client, queue, close } = await open();
    await queue.send([{ id: "a", work: { kind: "evaluate", subscription: "s" } }]);
    const [message] = (await client.receiveMessages()).receivedMessageItems;
    expect(message?.expiresOn.getFullYear()).toBe(9_999);
    await close();
  });

  test("takes what fits after its encoding, and refuses one byte more with a code", async () => {
    const { client, close } = await open();
    await sendText(client, "x".repeat(48 * 1_024), 0);
    await expect(sendText(client, "x".repeat(48 * 1_024 + 1), 0)).rejects.toMatchObject({
      code: "PUSH_TOO_LARGE",
    });
    await close();
  });

  test("looks a week ahead at most", async () => {
    const { client, queue, close } = await open();
    const delayMs = 30 * 24 * 3_600_000;
    await queue.send([{ id: "a", work: { kind: "evaluate", subscription: "s" }, delayMs }]);
    expect((await client.receiveMessages()).receivedMessageItems).toEqual([]);
    expect((await client.getProperties()).approximateMessagesCount).toBe(1);
    await close();
  });

  test("out of reach is QUEUE_UNAVAILABLE", async () => {
    const gone = azurite.queues.getQueueClient(`gone-${randomUUID()}`);
    const send = createStorageWorkQueue(gone).send([{ id: "a", work: { kind: "deliver", receiver: "r" } }]);
    await expect(send).rejects.toMatchObject({ code: "QUEUE_UNAVAILABLE" });
  });
});

describe("dead letters", () => {
  test("that nobody can read keep what was sent, and go back as it was", async () => {
    const { client, deadLetters, close } = await open();
    await deadLetters.add({ id: "m-1", body: "no JSON" }, "WORK_MALFORMED: the message is not JSON");
    expect(await deadLetters.list(10)).toEqual([
      { id: "m-1", reason: "WORK_MALFORMED: the message is not JSON", atMs: expect.any(Number) },
    ]);
    expect(await deadLetters.replay(["m-1"])).toBe(1);
    const [message] = (await client.receiveMessages()).receivedMessageItems;
    expect(Buffer.from(message?.messageText ?? "", "base64").toString()).toBe("no JSON");
    await close();
  });

  test("are forgotten when they are old", async () => {
    const { deadLetters, close } = await open();
    await deadLetters.add({ id: "m-1", body: "old" }, "why");
    expect(await deadLetters.prune(Date.now() + 1)).toBe(1);
    expect(await deadLetters.list(10)).toEqual([]);
    await close();
  });
});
