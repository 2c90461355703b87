import * as v from "valibot";
import { isDigest } from "./artifact/digest.ts";
import { PipelineError } from "./errors.ts";
import type { QueuedWork, Work } from "./ports.ts";

const text = v.string();
const digest = v.custom<`sha256:${string}`>((value) => typeof value === "string" && isDigest(value));
const repository = v.object({ registry: text, repository: text });

const push = v.object({
  source: text,
  kind: v.picklist(["artifact", "evidence", "ignored"]),
  registry: v.exactOptional(text),
  repository: v.exactOptional(text),
  tag: v.exactOptional(text),
  digest: v.exactOptional(digest),
  mediaType: v.exactOptional(text),
  subject: v.exactOptional(digest),
  reason: v.exactOptional(text),
  id: v.exactOptional(text),
});

const revision = v.object({ text, tag: v.exactOptional(text), digest: v.exactOptional(digest) });

const event = v.object({
  key: text,
  cluster: text,
  object: v.object({ apiVersion: text, kind: text, namespace: text, name: text }),
  severity: v.picklist(["trace", "info", "error"]),
  reason: text,
  message: text,
  timeMs: v.number(),
  revision: v.exactOptional(revision),
});

const work: v.GenericSchema<unknown, Work> = v.variant("kind", [
  v.object({ kind: v.literal("push"), push, receivedAtMs: v.number(), authenticated: v.boolean() }),
  v.object({ kind: v.literal("evaluate"), subscription: text }),
  v.object({ kind: v.literal("sweep"), repository }),
  v.object({
    kind: v.literal("deliver"),
    receiver: text,
    again: v.exactOptional(v.literal(true)),
    parked: v.exactOptional(text),
  }),
  v.object({ kind: v.literal("confirm"), event, receivedAtMs: v.number() }),
]);

const message = v.object({ sluice: v.literal(1), id: text, work });

/** A message as it travels on a cloud's queue. */
export interface WorkMessage {
  readonly id: string;
  readonly work: Work;
}

/** What a queue carries for one piece of work; tells itself apart from the platform's own events. */
export const encodeWork = ({ id, work }: Pick<QueuedWork, "id" | "work">): string =>
  JSON.stringify({ sluice: 1, id, work });

const malformed = (what: string, cause?: unknown): PipelineError =>
  new PipelineError(`the message ${what}`, { code: "WORK_MALFORMED", cause });

/** The JSON of a message. Throws `WORK_MALFORMED`. */
export const parseMessage = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw malformed("is not JSON", cause);
  }
};

/** True for what `encodeWork` wrote, of whatever version. */
export const isOwnMessage = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "sluice" in value;

/** Reads what `encodeWork` wrote. Throws `WORK_MALFORMED` for anything else. */
export const toWork = (value: unknown): WorkMessage => {
  const parsed = v.safeParse(message, value);
  if (parsed.success) return { id: parsed.output.id, work: parsed.output.work };
  const [issue] = parsed.issues;
  throw malformed(`does not fit: ${v.getDotPath(issue) ?? "top level"}`);
};

/** `parseMessage` and `toWork` in one. */
export const decodeWork = (body: string): WorkMessage => toWork(parseMessage(body));
