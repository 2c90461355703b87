import { toRfc3339 } from "../civil-time.ts";
import type { Headers } from "./sign.ts";

/** Context attributes of a delivery as a CloudEvent 1.0. */
export interface EventContext {
  readonly id: string;
  readonly type: string;
  readonly timeMs: number;
  /** Absent for an endpoint that hears of several. */
  readonly cluster?: string;
  readonly receiver: string;
}

export interface EncodedEvent {
  readonly headers: Headers;
  readonly body: Uint8Array;
}

const attributesOf = ({ id, type, timeMs, cluster, receiver }: EventContext) => ({
  specversion: "1.0",
  id,
  source:
    cluster === undefined ? "/sluice" : `/sluice/clusters/${encodeURIComponent(cluster.toWellFormed())}`,
  type,
  time: toRfc3339(timeMs),
  subject: receiver,
  datacontenttype: "application/json",
});

/** HTTP protocol binding §3.1.3.2: beyond printable ASCII, and space, `"` and `%`, everything is percent-encoded. */
const toHeaderValue = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[^\x21-\x7e]|["%]/gu, (character) =>
      [...Buffer.from(character)]
        .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
        .join(""),
    );

/** Binary mode: the body as it is, the context in `ce-` headers. */
export const toBinaryEvent = (context: EventContext, body: Uint8Array): EncodedEvent => {
  const { datacontenttype, ...attributes } = attributesOf(context);
  const headers = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, toHeaderValue(value)]);
  return { headers: { "content-type": datacontenttype, ...Object.fromEntries(headers) }, body };
};

/** Structured mode: one JSON object, the delivery's body under `data`. */
export const toStructuredEvent = (context: EventContext, body: Uint8Array): EncodedEvent => {
  const attributes = JSON.stringify(attributesOf(context));
  const head = `${attributes.slice(0, -1)},"data":`;
  // The body is JSON already; taking it in as bytes keeps its field order and spares a parse.
  return {
    headers: { "content-type": "application/cloudevents+json; charset=utf-8" },
    body: Buffer.concat([Buffer.from(head), body, Buffer.from("}")]),
  };
};
