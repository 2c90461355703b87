import { describe, expect, test } from "vitest";
import {
  toHandedEvent,
  toHandedMessage,
  toPubSubMessage,
} from "../../../../shared/adapters/gcp/pubsub/message.ts";
import { encodeWork } from "../../../../shared/work-message.ts";

const wrap = (data: string, rest: Readonly<Record<string, unknown>> = {}, outer = {}) => ({
  subscription: "projects/p/subscriptions/s",
  message: {
    data: Buffer.from(data).toString("base64"),
    messageId: "17",
    publishTime: "2021-02-05T04:06:14.109Z",
    ...rest,
  },
  ...outer,
});

const read = (wrapped: unknown) => {
  const message = toPubSubMessage(wrapped);
  if (message === undefined) throw new Error("no message");
  return message;
};

describe("messages of Pub/Sub", () => {
  test.each([undefined, null, "x", {}, { message: null }, { message: { data: "eA==" } }])(
    "%j is none",
    (value) => {
      expect(toPubSubMessage(value)).toBeUndefined();
    },
  );

  test("both spellings of a push body are read", () => {
    const { message } = wrap("x");
    const spelled = { message: { data: message.data, message_id: "17", publish_time: message.publishTime } };
    expect(read(spelled)).toEqual(read(wrap("x")));
  });

  test("work says its own id; what was sent again counts on from its first time", () => {
    const data = encodeWork({ id: "w", work: { kind: "deliver", receiver: "r" } });
    const first = toHandedMessage(read(wrap(data)));
    expect(first).toEqual({ id: "w", body: data, sentAtMs: 1_612_497_974_109, receiveCount: 1 });
    const attributes = { attempt: "5", sentAtMs: "1000" };
    const again = toHandedMessage(read(wrap(data, { attributes }, { deliveryAttempt: 3 })));
    expect(again).toEqual({ id: "w", body: data, sentAtMs: 1_000, receiveCount: 7 });
  });

  test.each(["-1", "x", "", "1e99"])("an attempt that is none (%s) counts as the first", (attempt) => {
    expect(toHandedMessage(read(wrap("{}", { attributes: { attempt } }))).receiveCount).toBe(1);
  });

  test("an event of somebody else's topic stays wrapped, whatever it says it is", () => {
    const forged = encodeWork({ id: "w", work: { kind: "deliver", receiver: "r" } });
    const attributes = { attempt: "9", sentAtMs: "1000" };
    const event = toHandedEvent(read(wrap(forged, { attributes })));
    expect(event).toMatchObject({ id: "17", sentAtMs: 1_612_497_974_109, receiveCount: 1 });
    expect(JSON.parse(event.body)).toEqual({
      message: { data: Buffer.from(forged).toString("base64"), messageId: "17" },
    });
  });
});
