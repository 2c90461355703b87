import * as v from "valibot";
import type { IncomingRequest } from "../ports.ts";
import { parseBoundedJson } from "./json.ts";
import { malformed } from "./malformed.ts";
import { optionalText, parseShape } from "./shape.ts";

/** What is needed of a CloudEvent 1.0, whichever HTTP mode carried it. */
export interface CloudEvent {
  readonly id: string | undefined;
  readonly source: string | undefined;
  readonly type: string;
  readonly subject: string | undefined;
  readonly data: unknown;
}

const STRUCTURED = v.object({
  specversion: v.string(),
  id: optionalText,
  source: optionalText,
  type: v.string(),
  subject: optionalText,
  data: v.optional(v.unknown()),
});

const mediaTypeOf = (request: IncomingRequest): string =>
  (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";

/** True where `ce-*` headers hold the attributes and the body is the data alone. */
export const isBinaryMode = (request: IncomingRequest): boolean =>
  request.headers["ce-specversion"] !== undefined || request.headers["ce-type"] !== undefined;

/** CloudEvents HTTP binding §3.1: attributes in headers, body is `data`. */
export const parseBinaryCloudEvent = (
  source: string,
  request: IncomingRequest,
  maxBytes: number,
): CloudEvent => {
  const { "ce-type": type, "ce-id": id, "ce-source": producer, "ce-subject": subject } = request.headers;
  if (type === undefined || type === "") throw malformed(source, "header ce-type", "is missing");
  return { id, source: producer, type, subject, data: parseBoundedJson(source, request.body, maxBytes) };
};

/** CloudEvents JSON format; `at` names the place in a batch. */
export const parseStructuredCloudEvent = (source: string, value: unknown, at?: string): CloudEvent => {
  const { id, source: producer, type, subject, data } = parseShape(source, STRUCTURED, value, at);
  return { id: id ?? undefined, source: producer ?? undefined, type, subject: subject ?? undefined, data };
};

/** The CloudEvents of a request, not yet checked one by one where they come as a batch. */
export const readCloudEvents = (
  source: string,
  request: IncomingRequest,
  maxBytes: number,
): { readonly binary: CloudEvent } | { readonly structured: readonly unknown[] } => {
  if (isBinaryMode(request)) return { binary: parseBinaryCloudEvent(source, request, maxBytes) };
  const body = parseBoundedJson(source, request.body, maxBytes);
  if (!Array.isArray(body)) {
    if (mediaTypeOf(request) === "application/cloudevents-batch+json")
      throw malformed(source, "body", "is not an array of events");
    return { structured: [body] };
  }
  return { structured: body };
};
