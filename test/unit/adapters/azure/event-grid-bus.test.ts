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

const setUp = async (status: number) => {
  const { url, seen } = await serve(() => ({ status }));
  const { tokens, asked } = createTokens();
  const bus = createEventGridBus({ endpoint: `${url}/api/events`, tokens, fetch, source: "/sluice/prod" });
  return { bus, seen, asked };
};

describe("decisions to Event Grid", () => {
  test("leave as a batch of CloudEvents, without a topic key", async () => {
    const { bus, seen, asked } = await setUp(200);
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

  test("are split where there are many", async () => {
    const { bus, seen } = await setUp(200);
    await bus.publish(Array.from({ length: 201 }, (_, index) => event(`e${index}`)));
    expect(seen.map(({ body }) => (JSON.parse(body) as unknown[]).length)).toEqual([100, 100, 1]);
  });

  test.each([401, 413, 503])("an answer of %i is BUS_UNAVAILABLE", async (status) => {
    const { bus } = await setUp(status);
    await expect(bus.publish([event("one")])).rejects.toMatchObject({ code: "BUS_UNAVAILABLE" });
  });

  test("so is no answer", async () => {
    const { tokens } = createTokens();
    const bus = createEventGridBus({
      endpoint: "http://127.0.0.1:1/api/events",
      tokens,
      fetch,
      source: "/sluice",
    });
    await expect(bus.publish([event("one")])).rejects.toMatchObject({ code: "BUS_UNAVAILABLE" });
  });
});
