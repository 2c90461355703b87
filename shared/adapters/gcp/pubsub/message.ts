import { at, parseJson, textAt } from "../google-api.ts";

/** A message as Pub/Sub gives it out. */
export interface PubSubMessage {
  readonly messageId: string;
  readonly data: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly publishedAtMs: number;
  /** Which delivery this is, where Pub/Sub says it. */
  readonly deliveryAttempt?: number;
}

/** A message under way: what settling it needs. */
export interface HandedPubSubMessage {
  readonly id: string;
  readonly body: string;
  readonly sentAtMs: number;
  readonly receiveCount: number;
}

const toAttributes = (value: unknown): Readonly<Record<string, string>> => {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(([, text]) => typeof text === "string"));
};

/** Reads `{message: {data, attributes, messageId, publishTime}}`; undefined for anything else. */
export const toPubSubMessage = (wrapped: unknown): PubSubMessage | undefined => {
  const message = at(wrapped, "message");
  const messageId = textAt(message, "messageId") ?? textAt(message, "message_id");
  if (messageId === undefined) return undefined;
  const publishedAtMs = Date.parse(textAt(message, "publishTime") ?? textAt(message, "publish_time") ?? "");
  const deliveryAttempt = at(wrapped, "deliveryAttempt");
  return {
    messageId,
    data: Buffer.from(textAt(message, "data") ?? "", "base64").toString("utf8"),
    attributes: toAttributes(at(message, "attributes")),
    publishedAtMs: Number.isNaN(publishedAtMs) ? 0 : publishedAtMs,
    ...(typeof deliveryAttempt === "number" ? { deliveryAttempt } : {}),
  };
};

const toWhole = (text: string | undefined, otherwise: number): number => {
  const value = Number(text ?? "");
  return Number.isSafeInteger(value) && value > 0 ? value : otherwise;
};

/** A message of our own topics: what was sent again remembers its first time and counts on. */
export const toHandedMessage = ({
  messageId,
  data,
  attributes,
  publishedAtMs,
  deliveryAttempt = 1,
}: PubSubMessage): HandedPubSubMessage => ({
  id: textAt(parseJson(Buffer.from(data)), "id") ?? messageId,
  body: data,
  sentAtMs: toWhole(attributes.sentAtMs, publishedAtMs),
  receiveCount: toWhole(attributes.attempt, 1) + deliveryAttempt - 1,
});

/**
 * A message of a topic that others write to: its data stays wrapped, so that nothing in it can pass for work of our
 * own, and the message's id stays with it.
 */
export const toHandedEvent = (message: PubSubMessage): HandedPubSubMessage => {
  const { messageId, data, publishedAtMs, deliveryAttempt = 1 } = message;
  const body = { message: { data: Buffer.from(data).toString("base64"), messageId } };
  return {
    id: messageId,
    body: JSON.stringify(body),
    sentAtMs: publishedAtMs,
    receiveCount: deliveryAttempt,
  };
};
