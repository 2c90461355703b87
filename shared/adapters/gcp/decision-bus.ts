import type { DecisionBus } from "../../state.ts";
import { createBatchingBus } from "../remote/publish-events.ts";
import { messageBytes, PUBLISH_LIMITS, type Publish, type TopicMessage } from "./pubsub/topic.ts";

/** Publishes each record as a CloudEvent in Pub/Sub's binary form: subscriptions can filter on its attributes. */
export const createPubSubDecisionBus = (publish: Publish, topic: string, timeoutMs?: number): DecisionBus =>
  createBatchingBus<TopicMessage>({
    name: "decisions",
    limits: PUBLISH_LIMITS,
    timeoutMs,
    toOutgoing({ id, type, atMs, detail }) {
      const message = {
        data: JSON.stringify(detail),
        attributes: {
          "content-type": "application/json",
          "ce-specversion": "1.0",
          "ce-id": id,
          "ce-source": "sluice",
          "ce-type": `sluice.${type}`,
          "ce-time": new Date(atMs).toISOString(),
        },
      };
      return { id, message, bytes: messageBytes(message) };
    },
    async send(batch, signal) {
      await publish(
        topic,
        batch.map(({ message }) => message),
        signal,
      );
      return [];
    },
  });
