import { PipelineError } from "../../shared/errors.ts";
import type { Push, Work } from "../../shared/ports.ts";
import type { PushSource } from "../../shared/push/source.ts";
import { isOwnMessage, parseMessage, toWork } from "../../shared/work-message.ts";

/** A message as the platform handed it to us. */
export interface HandedMessage {
  readonly id: string;
  readonly body: string;
  /** When it was put on the queue: what its event's age is counted from. */
  readonly sentAtMs: number;
}

const readEvent = (source: PushSource, { body, sentAtMs }: HandedMessage): readonly Push[] => {
  const request = { method: "POST", path: "/", query: "", headers: {}, body: Buffer.from(body) };
  try {
    // Who may write to the queue was settled by the platform.
    return source.parse(request, { platform: true, secrets: [], nowMs: sentAtMs });
  } catch (cause) {
    if (!(cause instanceof PipelineError)) throw cause;
    // On a queue of our own a person must look at it: nobody outside could have put it there.
    throw new PipelineError(cause.message, { code: "WORK_MALFORMED", cause });
  }
};

/**
 * The work in one message: our own, or events that the platform puts on the same queue in its own form (`source`
 * reads those). None for an event that is not about new content. Throws `WORK_MALFORMED`.
 */
export const readMessage = (message: HandedMessage, source?: PushSource): readonly Work[] => {
  const value = parseMessage(message.body);
  if (source === undefined || isOwnMessage(value)) return [toWork(value).work];
  const pushes = readEvent(source, message).filter(({ kind }) => kind !== "ignored");
  return pushes.map((push) => ({
    kind: "push",
    push,
    receivedAtMs: message.sentAtMs,
    authenticated: true,
  }));
};
