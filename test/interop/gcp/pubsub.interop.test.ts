import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSchedule } from "../../../shared/adapters/gcp/cloud-tasks.ts";
import { createPubSubDecisionBus } from "../../../shared/adapters/gcp/decision-bus.ts";
import { createFirestoreDatabase } from "../../../shared/adapters/gcp/firestore/database.ts";
import { createFirestoreDeadLetters } from "../../../shared/adapters/gcp/firestore/dead-letters.ts";
import { toHandedMessage } from "../../../shared/adapters/gcp/pubsub/message.ts";
import { createPubSubSettler } from "../../../shared/adapters/gcp/pubsub/settler.ts";
import { createSubscription, type PulledMessage } from "../../../shared/adapters/gcp/pubsub/subscription.ts";
import { createPublish } from "../../../shared/adapters/gcp/pubsub/topic.ts";
import { createPubSubWorkQueue } from "../../../shared/adapters/gcp/pubsub/work-queue.ts";
import type { ReceivedWork, WorkConsumer } from "../../../shared/ports.ts";
import { decodeWork } from "../../../shared/work-message.ts";
import { describeDecisionBus, type ReceivedEvent } from "../../contract/decision-bus.suite.ts";
import { describeWorkQueue } from "../../contract/work-queue.suite.ts";
import { createWorld, type World } from "../world/world.ts";
import { type CloudTasksDouble, startCloudTasksDouble } from "./cloud-tasks-double.ts";
import { type Emulator, openApi, startFirestore, startPubSub } from "./emulators.ts";

const QUIET_MS = 700;
const POLL_MS = 50;
const SERVICE_ACCOUNT = "delays@p.iam.gserviceaccount.com";

let world: World;
let pubsub: Emulator;
let firestore: Emulator;
let cloudTasks: CloudTasksDouble;

beforeAll(async () => {
  world = await createWorld();
  [pubsub, firestore, cloudTasks] = await Promise.all([
    startPubSub(world),
    startFirestore(world),
    startCloudTasksDouble(world),
  ]);
});
afterAll(() => world?.close());

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

let opened = 0;

/** A topic and its subscription of their own, everything else as in production. */
const open = async () => {
  opened += 1;
  const api = openApi();
  const project = `queue-${opened}`;
  const options = { api, project, baseUrl: pubsub.url };
  const root = `${pubsub.url}/v1/projects/${project}`;
  const make = async (path: string, body: unknown): Promise<void> => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${root}/${path}`, { method: "PUT", headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(await response.text());
  };
  for (const topic of ["work", "dead"]) await make(`topics/${topic}`, {});
  await make("subscriptions/work", {
    topic: `projects/${project}/topics/work`,
    ackDeadlineSeconds: 10,
    // Without a dead-letter policy Pub/Sub counts no deliveries.
    deadLetterPolicy: { deadLetterTopic: `projects/${project}/topics/dead`, maxDeliveryAttempts: 20 },
  });
  const publish = createPublish(options);
  const queue = createPubSubWorkQueue({
    pubsub: options,
    publish,
    topic: "work",
    schedule: createSchedule({
      api,
      queue: `projects/${project}/locations/europe-west1/queues/delays`,
      serviceAccount: SERVICE_ACCOUNT,
      nowMs: Date.now,
      baseUrl: cloudTasks.url,
    }),
  });
  const database = createFirestoreDatabase({ api, project, baseUrl: firestore.url });
  const deadLetters = createFirestoreDeadLetters(
    database,
    { send: queue.send, queues: [queue] },
    { nowMs: Date.now },
  );
  return {
    api,
    root,
    options,
    publish,
    queue,
    deadLetters,
    subscription: createSubscription(options, "work"),
  };
};

/** What a function settles, but pulled: a lease is the message's deadline. */
const openConsumer = ({ api, root, queue, deadLetters, subscription }: Awaited<ReturnType<typeof open>>) => {
  const settler = createPubSubSettler(queue, deadLetters);
  const pulled = new Map<string, { readonly message: PulledMessage; readonly untilMs: number }>();

  const pullAll = async (limit: number): Promise<readonly PulledMessage[]> => {
    const messages: PulledMessage[] = [];
    const deadlineMs = Date.now() + QUIET_MS;
    while (messages.length < limit && Date.now() < deadlineMs) {
      messages.push(...(await subscription.pull(limit - messages.length)));
      await wait(POLL_MS);
    }
    return messages;
  };

  const settle = async (
    received: ReceivedWork,
    how: (message: ReturnType<typeof toHandedMessage>) => Promise<void>,
  ): Promise<void> => {
    const one = pulled.get(received.lease);
    if (one === undefined || one.untilMs < Date.now()) return;
    await how(toHandedMessage(one.message));
    await subscription.acknowledge([one.message]);
  };

  const consumer: WorkConsumer = {
    async receive(limit, leaseMs) {
      const messages = await pullAll(limit);
      const ackIds = messages.map(({ ackId }) => ackId);
      const url = `${root}/subscriptions/work:modifyAckDeadline`;
      const ackDeadlineSeconds = Math.ceil(leaseMs / 1_000);
      if (ackIds.length > 0) await api({ method: "POST", url, body: { ackIds, ackDeadlineSeconds } });
      return messages.map((message): ReceivedWork => {
        pulled.set(message.ackId, { message, untilMs: Date.now() + leaseMs });
        const { id, body, receiveCount } = toHandedMessage(message);
        return { id, receiveCount, lease: message.ackId, work: decodeWork(body).work };
      });
    },
    complete: (received) => settle(received, settler.complete),
    retry: (received, delayMs) => settle(received, (message) => settler.retry(message, delayMs)),
    park: (received, reason) =>
      settle(received, (message) => settler.park({ ...message, work: received.work }, reason)),
  };
  return consumer;
};

describeWorkQueue("Pub/Sub with Cloud Tasks and dead letters in Firestore", async () => {
  const parts = await open();
  return {
    queue: { ...parts.queue, ...openConsumer(parts), deadLetters: parts.deadLetters },
    advance: wait,
    close: async () => {},
  };
});

describeDecisionBus("Pub/Sub (emulator)", { maxEntries: 500, maxBytes: 5_000_000 }, async () => {
  const { publish, subscription } = await open();
  return {
    bus: createPubSubDecisionBus(publish, "work"),
    async received() {
      const messages: PulledMessage[] = [];
      for (let quietMs = 0; quietMs < QUIET_MS; quietMs += POLL_MS) {
        const pulled = await subscription.pull(500);
        await subscription.acknowledge(pulled);
        messages.push(...pulled);
        if (pulled.length > 0) quietMs = 0;
        await wait(POLL_MS);
      }
      return messages.map(({ data, attributes }) => ({
        type: (attributes["ce-type"] ?? "").replace("sluice.", "") as ReceivedEvent["type"],
        detail: JSON.parse(data),
      }));
    },
    close: async () => {},
  };
});

describe("Pub/Sub", () => {
  test("delays by a task that publishes to the same topic as the service account", async () => {
    const { queue, root } = await open();
    const before = cloudTasks.tasks.length;
    const atMs = Date.now();
    await queue.send([{ id: "later", work: { kind: "deliver", receiver: "r" }, delayMs: 60_000 }]);
    const [task] = cloudTasks.tasks.slice(before);
    expect(task?.url).toBe(`${root}/topics/work:publish`);
    expect(task?.serviceAccount).toBe(SERVICE_ACCOUNT);
    expect(task?.scheduleTimeMs).toBeGreaterThanOrEqual(atMs + 60_000);
  });

  test("says which API refused, and loses nothing silently", async () => {
    const { queue } = await open();
    cloudTasks.fail(true);
    const work = { kind: "deliver", receiver: "r" } as const;
    const error = await queue
      .send([{ id: "later", work, delayMs: 5_000 }])
      .catch((thrown: unknown) => thrown);
    cloudTasks.fail(false);
    expect(error).toMatchObject({
      code: "QUEUE_UNAVAILABLE",
      message: expect.stringMatching(/^Cloud Tasks: .* \(PERMISSION_DENIED\)$/),
    });
  });

  test("keeps what nobody can read and sends it again as it came, to its own queue and to no other", async () => {
    const { queue, subscription, deadLetters } = await open();
    const settler = createPubSubSettler(queue, deadLetters);
    const unread = {
      body: "neither JSON nor an event \u{1f512}",
      sentAtMs: 1_700_000_000_000,
      receiveCount: 3,
    };
    await settler.park({ id: "poison", ...unread }, "WORK_MALFORMED: the message is not JSON");
    const [letter] = await deadLetters.list(10);
    expect(letter).toEqual({ id: "poison", reason: expect.any(String), atMs: expect.any(Number) });
    expect(await deadLetters.replay(["poison"])).toBe(1);
    const [message] = await subscription.pull(1);
    expect(message).toMatchObject({
      data: unread.body,
      attributes: { attempt: "1", sentAtMs: "1700000000000" },
    });
    expect(await deadLetters.list(10)).toEqual([]);

    const elsewhere = { topic: "decisions", body: "x", sentAtMs: 1 };
    await deadLetters.add({ id: "elsewhere", reason: "r", unread: elsewhere });
    expect(await deadLetters.replay(["elsewhere"])).toBe(0);
    expect(await deadLetters.list(10)).toHaveLength(1);
  });

  test("of what is too large to be kept a person reads that, beside the reason", async () => {
    const { queue, deadLetters } = await open();
    const body = "x".repeat(2 * 1_048_576);
    await deadLetters.add({ id: "large", reason: "r", unread: { topic: queue.topic, body, sentAtMs: 1 } });
    expect(await deadLetters.list(10)).toMatchObject([
      { id: "large", reason: "r; too large to be kept and sent again" },
    ]);
    expect(await deadLetters.replay(["large"])).toBe(0);
  });

  test("takes a thousand messages in a few requests", async () => {
    const { queue, subscription } = await open();
    const messages = Array.from({ length: 1_001 }, (_, index) => ({
      id: `m${index}`,
      work: { kind: "evaluate", subscription: `s${index}` } as const,
    }));
    await queue.send(messages);
    const seen = new Set<string>();
    for (let pulls = 0; pulls < 30 && seen.size < messages.length; pulls++) {
      const pulled = await subscription.pull(500);
      for (const message of pulled) seen.add(toHandedMessage(message).id);
      await subscription.acknowledge(pulled);
    }
    expect(seen.size).toBe(messages.length);
  });

  test("publishes decisions as CloudEvents", async () => {
    const { publish, subscription } = await open();
    await createPubSubDecisionBus(publish, "work").publish([
      { id: "d1", type: "decision", atMs: 0, detail: { outcome: "notify" } },
    ]);
    const [message] = await subscription.pull(1);
    expect(JSON.parse(message?.data ?? "")).toEqual({ outcome: "notify" });
    expect(message?.attributes).toEqual({
      "content-type": "application/json",
      "ce-specversion": "1.0",
      "ce-id": "d1",
      "ce-source": "sluice",
      "ce-type": "sluice.decision",
      "ce-time": "1970-01-01T00:00:00.000Z",
    });
  });
});
