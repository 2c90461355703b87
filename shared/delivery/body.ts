import { createHash } from "node:crypto";
import { formatArtifact } from "../artifact/repository.ts";
import { toRfc3339 } from "../civil-time.ts";
import { PipelineError } from "../errors.ts";
import type { ObjectRef } from "../ports.ts";
import { type Change, objectKey } from "./change.ts";

/** What notification-controller reads before it answers 413. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** A subscription has a new selection. */
export const DELIVERY_TYPE = "sluice.selection.changed";

export interface DeliveryContent {
  /** When the newest of the decisions was taken, not when it is sent: a retry then sends the same bytes. */
  readonly timeMs: number;
  /** Absent for an endpoint that hears of several: then each change names its own. */
  readonly cluster?: string;
  readonly receiver: string;
  /** To be poked as well, whatever the changes are. */
  readonly providers?: readonly ObjectRef[];
  readonly changes: readonly Change[];
}

/** What one request says, whatever it is about. */
export interface MessageBody {
  /** The idempotency id: the same over every retry of the same decisions to the same receiver. */
  readonly id: string;
  /** Of the event, also where the body travels as a CloudEvent. */
  readonly type: string;
  readonly bytes: Uint8Array;
}

export interface DeliveryBody extends MessageBody {
  readonly changes: readonly Change[];
}

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const sorted = (changes: readonly Change[]): readonly Change[] =>
  [...changes].sort(
    (a, b) => byCodeUnit(objectKey(a.object), objectKey(b.object)) || byCodeUnit(a.decisionId, b.decisionId),
  );

/**
 * Depends on the receiver and the set of decisions alone. No dot in it: Standard Webhooks joins id, timestamp
 * and body by dots before signing, so a dot inside could shift the borders.
 */
export const toDeliveryId = (receiver: string, changes: readonly Change[]): string => {
  const decisions = [...new Set(changes.map(({ decisionId }) => decisionId))].sort(byCodeUnit);
  const hash = createHash("sha256").update(JSON.stringify([receiver, ...decisions]));
  return `dlv_${hash.digest("hex").slice(0, 40)}`;
};

const toVersion = ({ tag, digest }: { readonly tag?: string; readonly digest: string }) => ({
  ...(tag === undefined ? {} : { tag }),
  digest,
});

/** Field order is part of the format. */
const toEntry = (change: Change) => ({
  ...(change.cluster === undefined ? {} : { cluster: change.cluster }),
  object: objectKey(change.object),
  artifact: formatArtifact({ ...change.repository, digest: change.digest }),
  registry: change.repository.registry,
  repository: change.repository.repository,
  ...toVersion(change),
  ...(change.previous === undefined ? {} : { previous: toVersion(change.previous) }),
  ...(change.identity === undefined
    ? {}
    : { identity: { issuer: change.identity.issuer, subject: change.identity.subject } }),
  decision: change.decisionId,
});

/**
 * The JSON a receiver gets, fields in this order:
 * `{"version":1,"id","type","time","cluster"?,"receiver","objects":["OCIRepository/ns/name",…],"changes":[{"cluster"?,
 * "object","artifact","registry","repository","tag"?,"digest","previous":{"tag"?,"digest"}?,"identity":{"issuer",
 * "subject"}?,"decision"},…]}`. `objects` holds each object once: a Receiver's CEL filter looks itself up there.
 */
export const toDeliveryBody = (content: DeliveryContent & { readonly id: string }): Uint8Array => {
  const changes = sorted(content.changes);
  const body = {
    version: 1,
    id: content.id,
    type: DELIVERY_TYPE,
    time: toRfc3339(content.timeMs),
    ...(content.cluster === undefined ? {} : { cluster: content.cluster }),
    receiver: content.receiver,
    objects: [
      ...new Set([...changes.map(({ object }) => object), ...(content.providers ?? [])].map(objectKey)),
    ],
    changes: changes.map(toEntry),
  };
  return new TextEncoder().encode(JSON.stringify(body));
};

const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** Bytes one change adds: its entry, its place in `objects`, two commas. An object named twice is counted twice. */
const costOf = (change: Change): number =>
  jsonBytes(toEntry(change)) + jsonBytes(objectKey(change.object)) + 2;

/**
 * One body, or several where one would pass the receiver's limit. Each part has an id of its own made from its
 * own decisions, and the parts depend only on the set of changes, so a retry splits in the same places.
 */
export const toDeliveryBodies = (
  content: DeliveryContent,
  maxBytes: number = MAX_BODY_BYTES,
): readonly DeliveryBody[] => {
  const emptyBytes = toDeliveryBody({
    ...content,
    id: toDeliveryId(content.receiver, []),
    changes: [],
  }).length;
  const parts: Change[][] = [];
  let usedBytes = maxBytes;
  for (const change of sorted(content.changes)) {
    const cost = costOf(change);
    if (emptyBytes + cost > maxBytes) {
      throw new PipelineError(`decision ${change.decisionId} does not fit into ${maxBytes} bytes`, {
        code: "WORK_MALFORMED",
      });
    }
    const part = parts.at(-1);
    if (part === undefined || usedBytes + cost > maxBytes) {
      parts.push([change]);
      usedBytes = emptyBytes + cost;
    } else {
      part.push(change);
      usedBytes += cost;
    }
  }
  return parts.map((changes) => {
    const id = toDeliveryId(content.receiver, changes);
    return { id, type: DELIVERY_TYPE, changes, bytes: toDeliveryBody({ ...content, id, changes }) };
  });
};
