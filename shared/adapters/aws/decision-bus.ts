import type { EventBridgeClient, PutEventsRequestEntry } from "@aws-sdk/client-eventbridge";
import { PipelineError } from "../../errors.ts";
import type { DecisionBus, DecisionEvent } from "../../state.ts";
import { createBatchingBus } from "../remote/publish-events.ts";

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

const answered = (why: string): PipelineError => new PipelineError(why, { code: "BUS_UNAVAILABLE" });

/** Publishes decisions and deliveries on an EventBridge bus, as `Sluice Decision` and `Sluice Delivery`. */
export const createEventBridgeBus = (
  client: () => Promise<EventBridgeClient>,
  busName: string,
  timeoutMs?: number,
): DecisionBus =>
  createBatchingBus<PutEventsRequestEntry>({
    name: "EventBridge",
    limits: LIMITS,
    timeoutMs,
    toOutgoing(event) {
      const message = toEntry(event, busName);
      return { id: event.id, message, bytes: sizeOf(message) };
    },
    async send(batch, abortSignal) {
      const { PutEventsCommand } = await import("@aws-sdk/client-eventbridge");
      const bus = await client();
      const command = new PutEventsCommand({ Entries: batch.map(({ message }) => message) });
      const { FailedEntryCount, Entries = [] } = await bus
        .send(command, { abortSignal })
        .catch((cause: unknown) => {
          throw answered(`PutEvents, ${cause instanceof Error ? cause.name : "unknown error"}`);
        });
      if (FailedEntryCount === 0) return [];
      // Each entry's outcome stands where the entry stood.
      const failed = batch.flatMap(({ id }, at) => {
        const code = Entries[at]?.ErrorCode;
        return code === undefined ? [] : [`${id} (${code})`];
      });
      if (failed.length === 0) throw answered("PutEvents, the answer is not as documented");
      return failed;
    },
  });
