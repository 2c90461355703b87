import type { EventBridgeClient, PutEventsRequestEntry } from "@aws-sdk/client-eventbridge";
import { PipelineError } from "../../errors.ts";
import type { DecisionBus, DecisionEvent } from "../../state.ts";

/** EventBridge's limits for one request. */
const MAX_ENTRIES = 10;
const MAX_BYTES = 262_144;
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

const toBatches = (entries: readonly PutEventsRequestEntry[]): readonly PutEventsRequestEntry[][] => {
  const batches: PutEventsRequestEntry[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = sizeOf(entry);
    const batch = batches.at(-1);
    if (batch === undefined || batch.length === MAX_ENTRIES || bytes + size > MAX_BYTES) {
      batches.push([entry]);
      bytes = size;
    } else {
      batch.push(entry);
      bytes += size;
    }
  }
  return batches;
};

/** Publishes decisions and deliveries on an EventBridge bus, as `Sluice Decision` and `Sluice Delivery`. */
export const createEventBridgeBus = (
  client: () => Promise<EventBridgeClient>,
  busName: string,
): DecisionBus => ({
  async publish(events) {
    const { PutEventsCommand } = await import("@aws-sdk/client-eventbridge");
    const bus = await client();
    for (const Entries of toBatches(events.map((event) => toEntry(event, busName)))) {
      const { FailedEntryCount = 0 } = await bus
        .send(new PutEventsCommand({ Entries }))
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
