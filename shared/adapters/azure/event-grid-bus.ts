import { PipelineError } from "../../errors.ts";
import type { DecisionBus, DecisionEvent } from "../../state.ts";
import { createBatchingBus } from "../remote/publish-events.ts";
import type { EntraTokenSource } from "./entra-token.ts";

const RESOURCE = "https://eventgrid.azure.net";
/** Event Grid takes 1 MB and 5,000 events a request; brackets and commas are in what is left. */
const LIMITS = { entries: 100, bytes: 1_000_000 };

export interface EventGridSettings {
  /** Of a custom topic whose input schema is CloudEvents 1.0. */
  readonly endpoint: string;
  readonly tokens: EntraTokenSource;
  readonly fetch: typeof globalThis.fetch;
  /** CloudEvents `source`: which Sluice this is. */
  readonly source: string;
  readonly timeoutMs?: number;
}

const toCloudEvent = ({ id, type, atMs, detail }: DecisionEvent, source: string) => ({
  specversion: "1.0",
  id,
  type: `sluice.${type}`,
  source,
  time: new Date(atMs).toISOString(),
  datacontenttype: "application/json",
  data: detail,
});

/** Publishes decisions to an Event Grid topic as CloudEvents, without a topic key. */
export const createEventGridBus = ({
  endpoint,
  tokens,
  fetch,
  source,
  timeoutMs,
}: EventGridSettings): DecisionBus =>
  createBatchingBus<string>({
    name: `Event Grid ${new URL(endpoint).host}`,
    limits: LIMITS,
    timeoutMs,
    toOutgoing(event) {
      const message = JSON.stringify(toCloudEvent(event, source));
      return { id: event.id, message, bytes: Buffer.byteLength(message) };
    },
    async send(batch, signal) {
      const { value } = await tokens(RESOURCE, signal);
      const response = await fetch(`${endpoint}?api-version=2018-01-01`, {
        method: "POST",
        redirect: "manual",
        signal,
        headers: {
          authorization: `Bearer ${value.reveal()}`,
          "content-type": "application/cloudevents-batch+json; charset=utf-8",
        },
        body: `[${batch.map(({ message }) => message).join(",")}]`,
      });
      await response.body?.cancel();
      if (response.status === 200) return [];
      throw new PipelineError(`answered ${response.status}`, { code: "BUS_UNAVAILABLE" });
    },
  });
