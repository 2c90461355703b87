import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import * as v from "valibot";
import type { Secret } from "../artifact/secret.ts";
import { parseRfc3339 } from "../civil-time.ts";
import type { ClusterEvent } from "../cluster-event.ts";
import { PipelineError } from "../errors.ts";
import type { IncomingRequest } from "../ports.ts";
import { parseFluxRevision } from "./flux-revision.ts";

/** A message has up to 39,000 characters; metadata adds little. */
export const MAX_EVENT_BYTES = 256 * 1024;
/** Notification-controller tries for half a minute and then drops; what is older was kept back by somebody. */
export const EVENT_MAX_AGE_MS = 10 * 60_000;
export const EVENT_MAX_AHEAD_MS = 2 * 60_000;

export interface FluxEventContext {
  /** Whose event it is: each cluster has a secret of its own. */
  readonly cluster: string;
  /** Of the Alert's Provider; several while one is being rotated. */
  readonly secrets: readonly Secret[];
  readonly nowMs: number;
}

const malformed = (message: string, cause?: unknown): PipelineError =>
  new PipelineError(`Flux event: ${message}`, { code: "PUSH_MALFORMED", cause });

const unauthentic = (message: string): PipelineError =>
  new PipelineError(`Flux event: ${message}`, { code: "PUSH_UNAUTHENTIC" });

const SIGNATURE = /^sha256=([0-9a-f]{64})$/;

/** Over the raw bytes, before any of them is parsed. */
const verifySignature = (header: string | undefined, body: Uint8Array, secrets: readonly Secret[]): void => {
  const hex = SIGNATURE.exec(header ?? "")?.[1];
  if (hex === undefined) throw unauthentic("X-Signature is missing or not sha256=<hex>");
  const given = Buffer.from(hex, "hex");
  const matches = secrets.map((secret) => {
    const key = secret.revealBytes();
    // An HMAC under an empty key is one that anybody can make.
    return key.length > 0 && timingSafeEqual(given, createHmac("sha256", key).update(body).digest());
  });
  if (!matches.includes(true)) throw unauthentic("X-Signature does not match");
};

const text = (maxLength: number) => v.pipe(v.string(), v.maxLength(maxLength));
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(253));

const schema = v.object({
  involvedObject: v.object({ apiVersion: name, kind: name, namespace: name, name }),
  severity: v.picklist(["trace", "info", "error"]),
  timestamp: text(64),
  message: v.optional(text(64 * 1024), ""),
  reason: text(253),
  metadata: v.nullish(v.record(v.string(), v.unknown())),
});

type Event = v.InferOutput<typeof schema>;

const parseJson = (body: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    throw malformed("not JSON in UTF-8", cause);
  }
};

const parseEvent = (body: Uint8Array): Event => {
  const result = v.safeParse(schema, parseJson(body));
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw malformed(`${v.getDotPath(issue) ?? "body"}: ${issue.message.slice(0, 200)}`);
};

/** Controllers' keys come without prefix from newer notification-controllers, with the object's group from older ones. */
const metadataOf = (event: Event, key: string): string | undefined => {
  const metadata = event.metadata ?? {};
  const group = event.involvedObject.apiVersion.split("/")[0] ?? "";
  for (const each of [key, `${group}/${key}`]) {
    const value = Object.hasOwn(metadata, each) ? metadata[each] : undefined;
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
};

const checkFreshness = (timestamp: string, nowMs: number): number => {
  const timeMs = parseRfc3339(timestamp);
  if (timeMs === undefined) throw malformed("timestamp is not RFC 3339");
  // The signature has no nonce, so that an old event would stay good for ever.
  if (timeMs < nowMs - EVENT_MAX_AGE_MS) throw unauthentic("older than ten minutes");
  if (timeMs > nowMs + EVENT_MAX_AHEAD_MS) throw unauthentic("from the future");
  return timeMs;
};

/**
 * Authenticates and reads an event that a cluster's Alert sent by a Provider of type `generic-hmac`. Throws
 * `PUSH_UNAUTHENTIC`, `PUSH_MALFORMED` or `PUSH_TOO_LARGE`. Duplicates are the caller's to recognise, by `key`.
 */
export const parseFluxEvent = (
  { headers, body }: Pick<IncomingRequest, "headers" | "body">,
  { cluster, secrets, nowMs }: FluxEventContext,
): ClusterEvent => {
  if (body.length > MAX_EVENT_BYTES) {
    throw new PipelineError("Flux event: larger than 256 KiB", { code: "PUSH_TOO_LARGE" });
  }
  verifySignature(headers["x-signature"], body, secrets);
  const event = parseEvent(body);
  const timeMs = checkFreshness(event.timestamp, nowMs);
  const revision = parseFluxRevision(metadataOf(event, "revision"), metadataOf(event, "oci-digest"));
  const { involvedObject, severity, reason, message } = event;
  return {
    key: createHash("sha256").update(cluster).update("\0").update(body).digest("hex"),
    cluster,
    object: {
      apiVersion: involvedObject.apiVersion,
      kind: involvedObject.kind,
      namespace: involvedObject.namespace,
      name: involvedObject.name,
    },
    severity,
    reason,
    message,
    timeMs,
    ...(revision === undefined ? {} : { revision }),
  };
};
