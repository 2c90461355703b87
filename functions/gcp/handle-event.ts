import {
  type HandedPubSubMessage,
  toHandedEvent,
  toHandedMessage,
  toPubSubMessage,
} from "../../shared/adapters/gcp/pubsub/message.ts";
import { createPubSubSettler } from "../../shared/adapters/gcp/pubsub/settler.ts";
import type { PubSubWorkQueue } from "../../shared/adapters/gcp/pubsub/work-queue.ts";
import type { PushSource } from "../../shared/push/source.ts";
import type { WorkFunction } from "../wiring/functions.ts";
import { workOffHanded } from "../wiring/work-off-handed.ts";
import type { GoogleCloud } from "./runtime.ts";

/** Of a CloudEvent, what says whose message it is. */
export interface MessageEvent {
  readonly source: string;
  readonly data?: unknown;
}

export interface EventHandling {
  readonly cloud: Pick<GoogleCloud, "deadLetters" | "log">;
  /** Where work of this function comes from, and goes back to. */
  readonly queue: PubSubWorkQueue;
  readonly topic: string;
  readonly timeoutMs: number;
  /** Reads the messages of other topics. */
  readonly source?: PushSource;
  readonly work: WorkFunction;
}

/** Only our own topic carries our own work: what comes by another is an event, whatever it claims to be. */
const toHanded = ({ source, data }: MessageEvent, topic: string): HandedPubSubMessage | undefined => {
  const message = toPubSubMessage(data);
  if (message === undefined) return undefined;
  return source.endsWith(`/topics/${topic}`) ? toHandedMessage(message) : toHandedEvent(message);
};

/** One Pub/Sub message, done or put where it is not forgotten. Throws when it could not be: then Pub/Sub sends it again. */
export const handleEvent = async (
  { cloud, queue, topic, timeoutMs, source, work: { maxAttempts, run } }: EventHandling,
  event: MessageEvent,
): Promise<void> => {
  const message = toHanded(event, topic);
  if (message === undefined) {
    // Nobody but Pub/Sub may call, and it sends nothing else: sending this again would help nobody.
    cloud.log("work-dropped", { work: "unreadable", reason: `no Pub/Sub message from ${event.source}` });
    return;
  }
  await workOffHanded(
    {
      settler: createPubSubSettler(queue, cloud.deadLetters),
      random: { fraction: Math.random },
      log: cloud.log,
      maxAttempts,
      ...(source === undefined ? {} : { source }),
      run: (work) => run(work, AbortSignal.timeout(timeoutMs)),
    },
    message,
  );
};
