import { PipelineError } from "../../../errors.ts";
import { at, type GoogleAnswer, parseJson, textAt } from "../google-api.ts";
import { type PubSubMessage, toPubSubMessage } from "./message.ts";
import { PUBSUB_URL, type PubSubOptions } from "./topic.ts";

export interface PulledMessage extends PubSubMessage {
  readonly ackId: string;
}

/** A pull subscription. Throws `QUEUE_UNAVAILABLE`. */
export interface Subscription {
  /** What is there now, at most `limit`. */
  pull(limit: number): Promise<readonly PulledMessage[]>;
  acknowledge(messages: readonly PulledMessage[]): Promise<void>;
}

/** One subscription by its short name. */
export const createSubscription = (
  { api, project, baseUrl = PUBSUB_URL }: PubSubOptions,
  name: string,
): Subscription => {
  const call = async (method: string, body: unknown): Promise<unknown> => {
    const url = `${baseUrl}/v1/projects/${project}/subscriptions/${name}:${method}`;
    const answer: GoogleAnswer = await api({ method: "POST", url, body });
    if (answer.ok) return parseJson(answer.bytes);
    throw new PipelineError(`Pub/Sub subscription ${name}: ${answer.message} (${answer.status})`, {
      code: "QUEUE_UNAVAILABLE",
      cause: answer.cause,
    });
  };
  return {
    async pull(limit) {
      // Google discourages asking not to wait for its cost to throughput; here is mostly nothing to be had.
      const answer = await call("pull", { maxMessages: limit, returnImmediately: true });
      const received = at(answer, "receivedMessages");
      return (Array.isArray(received) ? received : []).flatMap((one: unknown) => {
        const message = toPubSubMessage(one);
        const ackId = textAt(one, "ackId");
        return message === undefined || ackId === undefined ? [] : [{ ...message, ackId }];
      });
    },
    async acknowledge(messages) {
      if (messages.length === 0) return;
      await call("acknowledge", { ackIds: messages.map(({ ackId }) => ackId) });
    },
  };
};
