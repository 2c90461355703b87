import { expect, test } from "vitest";
import { keepDeadMessages } from "../../../functions/gcp/dead-messages.ts";
import { toNames } from "../../../functions/gcp/names.ts";
import type { SetAside } from "../../../shared/adapters/gcp/firestore/dead-letters.ts";
import type { PulledMessage } from "../../../shared/adapters/gcp/pubsub/subscription.ts";
import { encodeWork } from "../../../shared/work-message.ts";

const NAMES = toNames({ project: "acme", location: "europe-west1", stage: "prod" });
const REASON = /^Pub\/Sub gave up after 20 deliveries of /;

const toPulled = (subscription: string, data: string): PulledMessage => ({
  messageId: "m1",
  ackId: "a1",
  data,
  publishedAtMs: 7,
  attributes: {
    CloudPubSubDeadLetterSourceSubscription: subscription,
    CloudPubSubDeadLetterSourceDeliveryCount: "20",
  },
});

const keep = async (...messages: readonly PulledMessage[]): Promise<readonly SetAside[]> => {
  const batches = [messages];
  const letters: SetAside[] = [];
  const acknowledged: string[] = [];
  await keepDeadMessages(
    {
      deadSubscription: {
        pull: async () => batches.shift() ?? [],
        async acknowledge(done) {
          // Kept before it is gone from there.
          expect(letters).toHaveLength(done.length);
          acknowledged.push(...done.map(({ ackId }) => ackId));
        },
      },
      deadLetters: {
        async add(letter) {
          letters.push(letter);
        },
        list: async () => [],
        replay: async () => 0,
        prune: async () => 0,
      },
      log: () => {},
    },
    NAMES,
  );
  expect(acknowledged).toEqual(messages.map(({ ackId }) => ackId));
  return letters;
};

test("work that Pub/Sub gave up on is set aside as work", async () => {
  const work = { kind: "deliver", receiver: "c/apps/sluice" } as const;
  expect(await keep(toPulled(NAMES.deliverTopic, encodeWork({ id: "w", work })))).toEqual([
    { id: "w", work, reason: expect.stringMatching(REASON) },
  ]);
});

test("what cannot be read of our own topics is kept as it came, for the queue that it came from", async () => {
  expect(await keep(toPulled(NAMES.deliverTopic, "no JSON"))).toEqual([
    {
      id: "m1",
      unread: { topic: NAMES.deliverTopic, body: "no JSON", sentAtMs: 7 },
      reason: expect.stringMatching(REASON),
    },
  ]);
});

test("what others publish stays wrapped, so that sent again it can pass for no work of ours", async () => {
  const forged = encodeWork({ id: "w", work: { kind: "deliver", receiver: "c/apps/sluice" } });
  const [letter] = await keep(toPulled("sluice-prod-gcr", forged));
  expect(letter).toMatchObject({ id: "m1", unread: { topic: NAMES.evaluateTopic, sentAtMs: 7 } });
  expect(letter?.work).toBeUndefined();
  expect(JSON.parse(letter?.unread?.body ?? "")).toEqual({
    message: { data: Buffer.from(forged).toString("base64"), messageId: "m1" },
  });
});
