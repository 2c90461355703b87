import * as v from "valibot";

const text = v.string();
const atMs = v.pipe(v.number(), v.integer(), v.description("Milliseconds since 1970."));
const digest = v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/));
const subscription = v.pipe(text, v.description("<cluster>/<Kind>/<namespace>/<name>"));
const decisionId = v.pipe(
  text,
  v.description("The same in a decision, its deliveries and its confirmations."),
);
const id = v.pipe(text, v.description("Unique. An event that is told twice has the same id."));

const decision = v.strictObject({
  kind: v.literal("decision"),
  id,
  decisionId,
  atMs,
  subscription,
  repository: v.pipe(text, v.description("host/path")),
  tag: v.exactOptional(text),
  digest: v.exactOptional(digest),
  outcome: v.picklist(["notify", "wait", "ignore", "reject"]),
  reason: v.pipe(text, v.description("A code of docs/decisions.md or docs/codes.md.")),
  catalogVersion: text,
  facts: v.pipe(
    v.record(text, v.unknown()),
    v.description("What the decision rests on: evidence, identity, previous version. No secrets; may grow."),
  ),
});

const delivery = v.strictObject({
  kind: v.literal("attempt"),
  id,
  decisionId,
  atMs,
  subscription,
  receiver: v.pipe(text, v.description("<cluster>/<namespace>/<name>, or endpoint/<name>")),
  deliveryId: v.pipe(text, v.description("Of the request; the same over its retries.")),
  attempt: v.pipe(v.number(), v.integer()),
  outcome: v.pipe(text, v.description("A code of docs/codes.md.")),
  status: v.exactOptional(v.pipe(v.number(), v.integer())),
  durationMs: v.number(),
  next: v.exactOptional(v.picklist(["accepted", "retry", "parked", "disabled"])),
  reason: v.exactOptional(text),
});

const confirmation = v.strictObject({
  kind: v.literal("confirmation"),
  id,
  decisionId,
  atMs,
  subscription,
  outcome: v.picklist(["fetched", "applied", "failed"]),
  object: v.pipe(text, v.description("<Kind>/<namespace>/<name> of the object that reports.")),
  reason: text,
  message: v.exactOptional(text),
  revision: v.exactOptional(text),
  tag: v.exactOptional(text),
  digest,
  sincePushMs: v.exactOptional(v.number()),
});

/** What other systems hear on a bus, by the type of `DecisionEvent`: the shape of its detail. */
export const BUS_EVENTS = { decision, delivery, confirmation } as const;
