import { describe, expect, test } from "vitest";
import {
  MAX_BODY_BYTES,
  toDeliveryBodies,
  toDeliveryBody,
  toDeliveryId,
} from "../../../shared/delivery/body.ts";
import type { Change } from "../../../shared/delivery/change.ts";
import { toBinaryEvent, toStructuredEvent } from "../../../shared/delivery/cloud-event.ts";

const digest = (character: string): `sha256:${string}` => `sha256:${character.repeat(64)}`;

const change = (name: string, extra: Partial<Change> = {}): Change => ({
  decisionId: `d-${name}`,
  object: { apiVersion: "source.toolkit.fluxcd.io/v1", kind: "OCIRepository", namespace: "apps", name },
  repository: { registry: "ghcr.io", repository: "acme/podinfo" },
  tag: "1.4.2",
  digest: digest("a"),
  ...extra,
});

const content = (changes: readonly Change[]) => ({
  timeMs: 1_795_356_300_123,
  cluster: "prod-eu",
  receiver: "prod-eu/flux-system/sluice",
  changes,
});

const parse = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

describe("toDeliveryBody", () => {
  test("has the documented fields in the documented order", () => {
    const full = change("podinfo", {
      previous: { tag: "1.4.1", digest: digest("b") },
      identity: { issuer: "https://token.actions.githubusercontent.com", subject: "https://github.com/acme" },
    });
    const bytes = toDeliveryBody({ ...content([full]), id: "dlv_1" });
    expect(new TextDecoder().decode(bytes)).toBe(
      `{"version":1,"id":"dlv_1","type":"sluice.selection.changed","time":"2026-11-22T14:05:00.123Z",` +
        `"cluster":"prod-eu","receiver":"prod-eu/flux-system/sluice","objects":["OCIRepository/apps/podinfo"],` +
        `"changes":[{"object":"OCIRepository/apps/podinfo","artifact":"ghcr.io/acme/podinfo@${digest("a")}",` +
        `"registry":"ghcr.io","repository":"acme/podinfo","tag":"1.4.2","digest":"${digest("a")}",` +
        `"previous":{"tag":"1.4.1","digest":"${digest("b")}"},` +
        `"identity":{"issuer":"https://token.actions.githubusercontent.com","subject":"https://github.com/acme"},` +
        `"decision":"d-podinfo"}]}`,
    );
  });

  test("leaves out what a subscription by digest does not have", () => {
    const { tag: _none, ...byDigest } = change("podinfo");
    const body = parse(toDeliveryBody({ ...content([byDigest]), id: "dlv_1" }));
    expect(body).toMatchObject({ changes: [{ digest: digest("a") }] });
    expect(JSON.stringify(body)).not.toMatch(/"tag"|"previous"|"identity"/);
  });

  test("names who asks for the versions after them, whatever the changes are", () => {
    const provider = { apiVersion: "v1", kind: "ResourceSetInputProvider", namespace: "apps", name: "v" };
    const [body] = toDeliveryBodies({ ...content([change("podinfo")]), providers: [provider] });
    expect(parse(body?.bytes ?? new Uint8Array())).toMatchObject({
      objects: ["OCIRepository/apps/podinfo", "ResourceSetInputProvider/apps/v"],
      changes: [{ object: "OCIRepository/apps/podinfo" }],
    });
    // What was promised of an id stays: it depends on the decisions alone.
    expect(body?.id).toBe(toDeliveryBodies(content([change("podinfo")]))[0]?.id);
  });

  test("names an object once, also when two decisions are for it", () => {
    const bytes = toDeliveryBody({
      ...content([change("podinfo"), change("podinfo", { decisionId: "d-2" })]),
      id: "dlv_1",
    });
    expect(parse(bytes)).toMatchObject({
      objects: ["OCIRepository/apps/podinfo"],
      changes: [{ decision: "d-2" }, { decision: "d-podinfo" }],
    });
  });
});

describe("toDeliveryId", () => {
  const [a, b] = [change("a"), change("b")];

  test("is the same in any order and over repeats", () => {
    expect(toDeliveryId("r", [a, b, a])).toBe(toDeliveryId("r", [b, a]));
  });

  test.each([
    { of: "another receiver", id: toDeliveryId("other", [a, b]) },
    { of: "fewer decisions", id: toDeliveryId("r", [a]) },
    {
      of: "decisions whose ids join to the same text",
      id: toDeliveryId("r", [change("a", { decisionId: "d-ad-b" })]),
    },
  ])("differs for $of", ({ id }) => {
    expect(id).not.toBe(toDeliveryId("r", [a, b]));
  });
});

describe("toDeliveryBodies", () => {
  const names = Array.from({ length: 40 }, (_, index) => `app-${index}`);

  test("makes one body where it fits, whose id is in it", () => {
    const [only, ...others] = toDeliveryBodies(content(names.map((name) => change(name))));
    expect(others).toEqual([]);
    expect(parse(only?.bytes ?? new Uint8Array())).toMatchObject({ id: only?.id });
    expect(only?.bytes.length).toBeLessThanOrEqual(MAX_BODY_BYTES);
  });

  test("splits below the limit, loses none, and splits alike in any order", () => {
    const changes = names.map((name) => change(name));
    const parts = toDeliveryBodies(content(changes), 2_000);
    expect(parts.length).toBeGreaterThan(4);
    expect(Math.max(...parts.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(2_000);
    const told = parts.flatMap((part) => part.changes.map(({ object }) => object.name)).sort();
    expect(told).toEqual([...names].sort());
    expect(toDeliveryBodies(content(changes.toReversed()), 2_000)).toEqual(parts);
    expect(new Set(parts.map(({ id }) => id)).size).toBe(parts.length);
  });

  test("refuses a single decision that no body can hold", () => {
    const huge = change("a", { identity: { issuer: "i", subject: "s".repeat(3_000) } });
    expect(() => toDeliveryBodies(content([huge]), 2_000)).toThrow(
      expect.objectContaining({ code: "WORK_MALFORMED" }),
    );
  });

  test("makes nothing of nothing", () => {
    expect(toDeliveryBodies(content([]))).toEqual([]);
  });
});

describe("CloudEvents", () => {
  const context = {
    id: "dlv_1",
    type: "sluice.selection.changed",
    timeMs: 0,
    cluster: 'zürich "1"',
    receiver: "c/ns/ü%\r\nx: y",
  };
  const body = toDeliveryBody({ ...content([change("a")]), id: "dlv_1" });

  test("binary mode keeps the body and percent-encodes what a header may not carry", () => {
    const event = toBinaryEvent(context, body);
    expect(event.body).toBe(body);
    expect(event.headers).toEqual({
      "content-type": "application/json",
      "ce-specversion": "1.0",
      "ce-id": "dlv_1",
      "ce-source": "/sluice/clusters/z%25C3%25BCrich%2520%25221%2522",
      "ce-type": "sluice.selection.changed",
      "ce-time": "1970-01-01T00:00:00.000Z",
      "ce-subject": "c/ns/%C3%BC%25%0D%0Ax:%20y",
    });
  });

  test("structured mode holds the same body as data", () => {
    const event = toStructuredEvent(context, body);
    expect(event.headers["content-type"]).toMatch(/^application\/cloudevents\+json/);
    expect(parse(event.body)).toEqual({
      specversion: "1.0",
      id: "dlv_1",
      source: "/sluice/clusters/z%C3%BCrich%20%221%22",
      type: "sluice.selection.changed",
      time: "1970-01-01T00:00:00.000Z",
      subject: context.receiver,
      datacontenttype: "application/json",
      data: parse(body),
    });
  });
});
