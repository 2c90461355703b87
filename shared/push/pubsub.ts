import * as v from "valibot";
import type { IncomingRequest } from "../ports.ts";
import { parseBoundedJson } from "./json.ts";
import { MAX_BODY_BYTES } from "./limits.ts";
import { optionalText, parseShape } from "./shape.ts";

/** What a Pub/Sub message carried, out of whichever wrapper brought it. */
export interface PubSubMessage {
  readonly id: string | undefined;
  readonly data: unknown;
  /** Where `data` stood, for errors. */
  readonly at?: string;
}

const MESSAGE = v.object({ data: v.string(), messageId: optionalText, message_id: optionalText });
const WRAPPED = v.object({ message: MESSAGE });
const CLOUD_EVENT = v.object({ data: WRAPPED });

const has = (value: unknown, key: string): boolean =>
  typeof value === "object" && value !== null && Object.hasOwn(value, key);

const unwrap = (source: string, message: v.InferOutput<typeof MESSAGE>): PubSubMessage => {
  const bytes = Buffer.from(message.data, "base64");
  return {
    id: message.messageId ?? message.message_id ?? undefined,
    data: parseBoundedJson(source, bytes, MAX_BODY_BYTES, "message.data"),
    at: "message.data",
  };
};

/** Reads a push body, a structured CloudEvent around one, or the bare data of an unwrapped or pulled message. */
export const readPubSubMessage = (source: string, request: IncomingRequest): PubSubMessage => {
  const body = parseBoundedJson(source, request.body, MAX_BODY_BYTES);
  if (has(body, "message")) return unwrap(source, parseShape(source, WRAPPED, body).message);
  if (has(body, "specversion")) return unwrap(source, parseShape(source, CLOUD_EVENT, body).data.message);
  return { id: request.headers["x-goog-pubsub-message-id"], data: body };
};
