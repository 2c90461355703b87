import { PipelineError } from "../../errors.ts";
import type { DecisionBus } from "../../state.ts";
import type { Publish } from "./pubsub/topic.ts";

/** Publishes each record as a CloudEvent in Pub/Sub's binary form: subscriptions can filter on its attributes. */
export const createPubSubDecisionBus = (publish: Publish, topic: string): DecisionBus => ({
  async publish(events) {
    const messages = events.map(({ id, type, atMs, detail }) => ({
      data: JSON.stringify(detail),
      attributes: {
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": id,
        "ce-source": "sluice",
        "ce-type": `sluice.${type}`,
        "ce-time": new Date(atMs).toISOString(),
      },
    }));
    try {
      await publish(topic, messages);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : "unknown";
      throw new PipelineError(reason, { code: "BUS_UNAVAILABLE", cause });
    }
  },
});
