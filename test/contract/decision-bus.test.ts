import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { withCappedAnswers } from "../../shared/adapters/aws/client-settings.ts";
import { createEventBridgeBus, DETAIL_TYPE } from "../../shared/adapters/aws/decision-bus.ts";
import { createEventGridBus } from "../../shared/adapters/azure/event-grid-bus.ts";
import { createPubSubDecisionBus } from "../../shared/adapters/gcp/decision-bus.ts";
import { createGoogleApi } from "../../shared/adapters/gcp/google-api.ts";
import { createPublish } from "../../shared/adapters/gcp/pubsub/topic.ts";
import { Secret } from "../../shared/artifact/secret.ts";
import type { DecisionBus, DecisionEvent } from "../../shared/state.ts";
import type { ServiceReply, ServiceRequest } from "../support/service-double.ts";
import { type BusFacts, describeRemoteBus, type ReceivedEvent } from "./decision-bus.suite.ts";
import { awsSettings, json, LEAK, startMoodyService } from "./moods.ts";

/** How one bus takes events. */
interface Wire {
  readonly facts: BusFacts & { readonly readsAnswers: boolean };
  eventsOf(request: ServiceRequest): readonly ReceivedEvent[];
  /** What the service itself takes in one request, by its documentation. */
  readonly limits: { readonly entries: number; readonly bytes: number };
  /** As the service counts; default: the request's body. */
  bytesOf?(request: ServiceRequest): number;
  taken(count: number): ServiceReply;
  readonly denied: ServiceReply;
  readonly empty: ServiceReply;
  open(url: string, timeoutMs: number): DecisionBus;
}

const typeOf = (text: string): DecisionEvent["type"] =>
  text.replace(/^sluice\./, "") as DecisionEvent["type"];

const eventBridge: Wire = {
  limits: { entries: 10, bytes: 262_144 },
  bytesOf: ({ body }) =>
    JSON.parse(body).Entries.reduce(
      (sum: number, { Detail }: { Detail: string }) => sum + Buffer.byteLength(Detail),
      0,
    ),
  facts: { maxEntries: 10, maxBytes: 262_144, readsAnswers: true },
  eventsOf: ({ body }) =>
    JSON.parse(body).Entries.map(({ DetailType, Detail }: Record<string, string>) => ({
      type: Object.entries(DETAIL_TYPE).find(([, name]) => name === DetailType)?.[0],
      detail: JSON.parse(Detail ?? ""),
    })),
  taken: (count) =>
    json(200, { FailedEntryCount: 0, Entries: Array.from({ length: count }, () => ({ EventId: "e" })) }),
  denied: json(400, { __type: "AccessDeniedException", message: LEAK }),
  empty: json(200, {}),
  open: (url, timeoutMs) =>
    createEventBridgeBus(
      async () => withCappedAnswers(new EventBridgeClient(awsSettings(url))),
      "sluice",
      timeoutMs,
    ),
};

const eventGrid: Wire = {
  limits: { entries: 5_000, bytes: 1_048_576 },
  facts: { maxEntries: 100, maxBytes: 1_000_000, readsAnswers: false },
  eventsOf: ({ body }) =>
    JSON.parse(body).map(({ type, data }: { type: string; data: object }) => ({
      type: typeOf(type),
      detail: data,
    })),
  taken: () => json(200, {}),
  denied: json(401, { error: { code: "Unauthorized", message: LEAK } }),
  empty: json(200, {}),
  open: (url, timeoutMs) =>
    createEventGridBus({
      endpoint: `${url}/api/events`,
      tokens: async () => ({ value: new Secret(LEAK), expiresAtMs: Number.POSITIVE_INFINITY }),
      fetch,
      source: "/sluice/test",
      timeoutMs,
    }),
};

const pubSub: Wire = {
  limits: { entries: 1_000, bytes: 10_000_000 },
  facts: { maxEntries: 500, maxBytes: 5_000_000, readsAnswers: true },
  eventsOf: ({ body }) =>
    JSON.parse(body).messages.map(
      ({ data, attributes }: { data: string; attributes: Record<string, string> }) => ({
        type: typeOf(attributes["ce-type"] ?? ""),
        detail: JSON.parse(Buffer.from(data, "base64").toString("utf8")),
      }),
    ),
  taken: (count) => json(200, { messageIds: Array.from({ length: count }, (_, at) => `${at}`) }),
  denied: json(403, { error: { code: 403, status: "PERMISSION_DENIED", message: `${LEAK} may not` } }),
  empty: json(200, {}),
  open: (baseUrl, timeoutMs) =>
    createPubSubDecisionBus(
      createPublish({
        api: createGoogleApi({ fetch, token: async () => new Secret(LEAK) }),
        project: "p",
        baseUrl,
      }),
      "decisions",
      timeoutMs,
    ),
};

for (const [name, { facts, eventsOf, limits, bytesOf, taken, denied, empty, open }] of Object.entries({
  EventBridge: eventBridge,
  "Event Grid": eventGrid,
  "Pub/Sub": pubSub,
})) {
  describeRemoteBus(name, facts, async (timeoutMs) => {
    const received: ReceivedEvent[] = [];
    const service = await startMoodyService((request, mood) => {
      if (mood === "denies") return denied;
      if (mood === "empty") return empty;
      const events = eventsOf(request);
      const bytes = bytesOf?.(request) ?? Buffer.byteLength(request.body);
      if (events.length > limits.entries || bytes > limits.bytes) return json(413, {});
      if (mood === "well") received.push(...events);
      return taken(events.length);
    });
    return {
      bus: open(service.double.url, timeoutMs),
      service,
      received: async () => received,
      close: () => service.double.close(),
    };
  });
}
