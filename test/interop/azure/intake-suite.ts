import { describe, expect, test } from "vitest";
import type { RunningApp } from "./stage/apps.ts";
import type { createDriver } from "./stage/driver.ts";
import { SCHEMAS, TOPIC_ID } from "./stage/events.ts";
import type { AzureStage } from "./stage/stage.ts";

const EVENT_GRID = "4962773b-9cdb-44cf-a8bf-237846a00ab7";

interface Opened {
  readonly stage: AzureStage;
  readonly intake: RunningApp;
  readonly driver: ReturnType<typeof createDriver>;
}

/** What Event Grid, and who pretends to be it, gets from intake; `opened` holds once the suite has begun. */
export const describeIntake = (opened: () => Opened): void => {
  const askIntake = async (
    method: string,
    headers: Readonly<Record<string, string>>,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly headers: Headers; readonly text: string }> => {
    const response = await fetch(`${opened().intake.url}/events/acr-eventgrid`, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  const claims = {
    aud: "api://sluice",
    azp: EVENT_GRID,
    roles: ["AzureEventGridSecureWebhookSubscriber"],
  };
  const bearer = (overrides: Readonly<Record<string, unknown>> = {}) => ({
    authorization: `Bearer ${opened().stage.issuer.mintRaw({ ...claims, ...overrides })}`,
  });

  describe("intake", () => {
    test("answers Event Grid's validation with its code, for the subscription that it knows", async () => {
      const event = {
        id: "2d1781af-3a4c-4d7c-bd0c-e34b19da4e66",
        topic: TOPIC_ID,
        subject: "",
        data: {
          validationCode: "512d38b6-c7b8-40c8-89fe-f46f9e9622b6",
          validationUrl: "https://example.com",
        },
        eventType: "Microsoft.EventGrid.SubscriptionValidationEvent",
        eventTime: "2026-11-20T04:23:35.1981776Z",
        metadataVersion: "1",
        dataVersion: "1",
      };
      const headers = { "aeg-event-type": "SubscriptionValidation", "aeg-subscription-name": "SLUICE" };
      const answer = await askIntake("POST", { ...headers, ...bearer() }, [event]);
      expect([answer.status, JSON.parse(answer.text)]).toEqual([
        200,
        { validationResponse: "512d38b6-c7b8-40c8-89fe-f46f9e9622b6" },
      ]);
      const unproved = await askIntake("POST", headers, [event]);
      expect(unproved.status).toBe(401);
    });

    test("consents to CloudEvents of Event Grid, and of nobody else", async () => {
      const granted = await askIntake("OPTIONS", { "webhook-request-origin": "eventgrid.azure.net" });
      expect(granted.status).toBe(200);
      expect(granted.headers.get("webhook-allowed-origin")).toBe("eventgrid.azure.net");
      expect(granted.headers.get("allow")).toBe("POST, OPTIONS");
      const refused = await askIntake("OPTIONS", { "webhook-request-origin": "evil.example" });
      expect(refused.status).toBe(405);
    });

    test("an event by HTTP with Event Grid's token is stored, decided and delivered", async () => {
      const pushed = await opened().driver.push("worker", "1.3.0");
      await opened().driver.sign(pushed);
      const answer = await askIntake("POST", bearer(), [SCHEMAS["Event Grid"](pushed)]);
      expect(answer.status).toBe(200);
      await opened().driver.delivered("team/worker", pushed.image.digest);
      const counted = await opened().stage.limits.loadDocument("events/acr-eventgrid");
      expect(counted?.value).toMatchObject({ taken: expect.any(Number) });
    });

    test.each([
      ["no token", () => ({})],
      ["a token for another audience", () => bearer({ aud: "api://another" })],
      ["a token of another application", () => bearer({ azp: "11111111-2222-3333-4444-555555555555" })],
      ["a token without the role", () => bearer({ roles: [] })],
      ["an expired token", () => bearer({ exp: Math.floor(Date.now() / 1_000) - 3_600 })],
      ["a token of another issuer", () => bearer({ iss: "https://sts.windows.net/another/" })],
      [
        "a forged token",
        () => ({ authorization: `${bearer().authorization.split(".").slice(0, 2).join(".")}.Zm9yZ2Vk` }),
      ],
      [
        "a token without a signature",
        () => {
          const body = bearer().authorization.split(".")[1];
          const head = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
          return { authorization: `Bearer ${head}.${body}.` };
        },
      ],
    ] as const)("%s gets 401 and stores nothing", async (_name, headersOf) => {
      const pushed = await opened().driver.push("worker", "1.9.9");
      // Hints of earlier versions may still wait there.
      const { approximateMessagesCount: before = 0 } = await opened().stage.queues.evaluate.getProperties();
      const answer = await askIntake("POST", headersOf(), [SCHEMAS.CloudEvents(pushed)]);
      expect(answer.status).toBe(401);
      const { approximateMessagesCount: after } = await opened().stage.queues.evaluate.getProperties();
      expect(after).toBeLessThanOrEqual(before);
      expect(await opened().driver.decisionsOf("team/worker", "1.9.9")).toEqual([]);
    });

    test("a path that no source has gets 404", async () => {
      const response = await fetch(`${opened().intake.url}/events/unknown`, { method: "POST", body: "{}" });
      expect(response.status).toBe(404);
    });
  });
};
