import { afterEach, describe, expect, test } from "vitest";
import { createEventGridBus } from "../../../../shared/adapters/azure/event-grid-bus.ts";
import type { DecisionEvent } from "../../../../shared/state.ts";
import { closeServers } from "../http-server.ts";
import { createTokens, serve } from "./services.ts";

afterEach(closeServers);

const event = (id: string): DecisionEvent => ({
  id,
  type: "decision",
  atMs: 1_700_000_000_000,
  detail: { outcome: "notify", repository: "acme.azurecr.io/app" },
});

const setUp = async () => {
  const { url, seen } = await serve(() => ({}));
  const { tokens, asked } = createTokens();
  const bus = createEventGridBus({ endpoint: `${url}/api/events`, tokens, fetch, source: "/sluice/prod" });
  return { bus, seen, asked };
};

describe("decisions to Event Grid", () => {
  test("leave as a batch of CloudEvents, without a topic key", async () => {
    const { bus, seen, asked } = await setUp();
    await bus.publish([event("one"), event("two")]);
    expect(asked).toEqual(["https://eventgrid.azure.net"]);
    expect(seen[0]?.path).toBe("/api/events");
    expect(seen[0]?.headers).toMatchObject({
      authorization: "Bearer entra-token",
      "content-type": "application/cloudevents-batch+json; charset=utf-8",
    });
    expect(seen[0]?.headers["aeg-sas-key"]).toBeUndefined();
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual([
      {
        specversion: "1.0",
        id: "one",
        type: "sluice.decision",
        source: "/sluice/prod",
        time: "2023-11-14T22:13:20.000Z",
        datacontenttype: "application/json",
        data: { outcome: "notify", repository: "acme.azurecr.io/app" },
      },
      expect.objectContaining({ id: "two" }),
    ]);
  });
});
