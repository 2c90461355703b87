import { PipelineError } from "../../errors.ts";
import type { DecisionBus, DecisionEvent } from "../../state.ts";
import type { EntraTokenSource } from "./entra-token.ts";

const RESOURCE = "https://eventgrid.azure.net";
const TIMEOUT_MS = 10_000;
/** Event Grid takes 1 MB and 5,000 events a request; an event of ours is a few kilobytes. */
const MAX_EVENTS = 100;

export interface EventGridSettings {
  /** Of a custom topic whose input schema is CloudEvents 1.0. */
  readonly endpoint: string;
  readonly tokens: EntraTokenSource;
  readonly fetch: typeof globalThis.fetch;
  /** CloudEvents `source`: which Sluice this is. */
  readonly source: string;
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

const publishSome = async (
  { endpoint, tokens, fetch, source }: EventGridSettings,
  events: readonly DecisionEvent[],
): Promise<void> => {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const { value } = await tokens(RESOURCE, signal);
  const response = await fetch(`${endpoint}?api-version=2018-01-01`, {
    method: "POST",
    redirect: "manual",
    signal,
    headers: {
      authorization: `Bearer ${value.reveal()}`,
      "content-type": "application/cloudevents-batch+json; charset=utf-8",
    },
    body: JSON.stringify(events.map((event) => toCloudEvent(event, source))),
  });
  await response.body?.cancel();
  if (response.status !== 200) {
    const message = `Event Grid ${new URL(endpoint).host}: ${response.status}`;
    throw new PipelineError(message, { code: "BUS_UNAVAILABLE" });
  }
};

/** Publishes decisions to an Event Grid topic as CloudEvents, without a topic key. */
export const createEventGridBus = (settings: EventGridSettings): DecisionBus => ({
  async publish(events) {
    try {
      for (let start = 0; start < events.length; start += MAX_EVENTS) {
        await publishSome(settings, events.slice(start, start + MAX_EVENTS));
      }
    } catch (cause) {
      if (cause instanceof PipelineError && cause.code === "BUS_UNAVAILABLE") throw cause;
      throw new PipelineError("Event Grid: no answer", { code: "BUS_UNAVAILABLE", cause });
    }
  },
});
