import type { QueuedWork, WorkQueue } from "../../../ports.ts";
import { encodeWork } from "../../../work-message.ts";
import type { Schedule } from "../cloud-tasks.ts";
import { type Publish, type PubSubOptions, type TopicMessage, toPublishRequest } from "./topic.ts";

export interface PubSubWorkQueueOptions {
  readonly pubsub: Pick<PubSubOptions, "project" | "baseUrl">;
  readonly publish: Publish;
  readonly schedule: Schedule;
  readonly topic: string;
}

/** A message that goes back on its queue, with what must not be forgotten about it. */
export interface AgainMessage {
  readonly body: string;
  /** How often it will have been received then. */
  readonly attempt: number;
  /** When it was first put on a queue. */
  readonly sentAtMs: number;
}

export interface PubSubWorkQueue extends WorkQueue {
  readonly topic: string;
  /** As a new message: Pub/Sub itself waits at least ten seconds, and counts up to a dead letter meanwhile. */
  sendAgain(message: AgainMessage, delayMs: number): Promise<void>;
}

/** At once, so that a burst of delayed work opens no thousand connections. */
const MAX_AT_ONCE = 16;

const inTurns = async <T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> => {
  const left = items.values();
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(MAX_AT_ONCE, items.length) }, worker));
};

/** Work on one Pub/Sub topic; what is delayed waits in Cloud Tasks, which then publishes it to the same topic. */
export const createPubSubWorkQueue = ({
  pubsub,
  publish,
  schedule,
  topic,
}: PubSubWorkQueueOptions): PubSubWorkQueue => {
  const later = (message: TopicMessage, delayMs: number): Promise<void> =>
    schedule({ ...toPublishRequest(pubsub, topic, [message]), delayMs });
  const isDelayed = ({ delayMs = 0 }: QueuedWork): boolean => delayMs > 0;
  return {
    topic,
    async send(messages) {
      const now = messages.filter((message) => !isDelayed(message));
      await Promise.all([
        now.length === 0
          ? undefined
          : publish(
              topic,
              now.map((one) => ({ data: encodeWork(one) })),
            ),
        inTurns(messages.filter(isDelayed), (one) => later({ data: encodeWork(one) }, one.delayMs ?? 0)),
      ]);
    },
    async sendAgain({ body, attempt, sentAtMs }, delayMs) {
      const message = { data: body, attributes: { attempt: `${attempt}`, sentAtMs: `${sentAtMs}` } };
      await (delayMs > 0 ? later(message, delayMs) : publish(topic, [message]));
    },
  };
};
