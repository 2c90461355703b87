import type { EventBridgeClient, PutEventsRequestEntry } from "@aws-sdk/client-eventbridge";
import { PipelineError } from "../../errors.ts";
import type { DecisionBus, DecisionEvent } from "../../state.ts";
import { toBatches } from "./batches.ts";

/** EventBridge's limits for one request. */
const LIMITS = { entries: 10, bytes: 262_144 };
/** What an entry costs beside its texts. */
const TIME_BYTES = 14;

export const EVENT_SOURCE = "sluice";
export const DETAIL_TYPE = {
  decision: "Sluice Decision",
  delivery: "Sluice Delivery",
  confirmation: "Sluice Confirmation",
} as const satisfies Record<DecisionEvent["type"], string>;

const toEntry = (event: DecisionEvent, EventBusName: string): PutEventsRequestEntry => ({
  EventBusName,
  Source: EVENT_SOURCE,
  DetailType: DETAIL_TYPE[event.type],
  Time: new Date(event.atMs),
  Detail: JSON.stringify(event.detail),
});

const sizeOf = ({ Source = "", DetailType = "", Detail = "" }: PutEventsRequestEntry): number =>
  TIME_BYTES + Buffer.byteLength(Source) + Buffer.byteLength(DetailType) + Buffer.byteLength(Detail);

/** Publishes decisions and deliveries on an EventBridge bus, as `Sluice Decision` and `Sluice Delivery`. */
export const createEventBridgeBus = (
  client: () => Promise<EventBridgeClient>,
  busName: string,
): DecisionBus => ({
  async publish(events) {
    const { PutEventsCommand } = await import("@aws-sdk/client-eventbridge");
    const bus = await client();
    const entries = events.map((event) => toEntry(event, busName));
    for (const Entries of toBatches(entries, sizeOf, LIMITS)) {
      const { FailedEntryCount = 0 } = await bus
        .send(new PutEventsCommand({ Entries: [...Entries] }))
        .catch((cause: unknown) => {
          const name = cause instanceof Error ? cause.name : "unknown error";
          throw new PipelineError(`EventBridge, PutEvents: ${name}`, { code: "BUS_UNAVAILABLE", cause });
        });
      if (FailedEntryCount > 0) {
        throw new PipelineError(`EventBridge turned ${FailedEntryCount} events away`, {
          code: "BUS_UNAVAILABLE",
        });
      }
    }
  },
});
