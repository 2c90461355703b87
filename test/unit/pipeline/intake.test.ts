import { describe, expect, test } from "vitest";
import { Secret } from "../../../shared/artifact/secret.ts";
import { PipelineError } from "../../../shared/errors.ts";
import { createIntake, type Endpoint } from "../../../shared/pipeline/intake/intake.ts";
import type { QueuedWork } from "../../../shared/ports.ts";
import { SOURCES } from "../../../shared/push/sources.ts";
import { requestOf, sourceNamed } from "../push/event-fixtures.ts";

const endpointOf = (name: string, type: string, path: string, secret: string): Endpoint => ({
  name,
  path,
  source: sourceNamed(type),
  options: async () => ({ secrets: [new Secret(secret)], nowMs: 0 }),
});

const HUB = JSON.stringify({
  push_data: { tag: "1.0.0", pushed_at: 1, pusher: "p" },
  repository: { repo_name: "acme/app", name: "app", namespace: "acme" },
});
const EMPTY = JSON.stringify({ events: [] });
const DISTRIBUTION = { "content-type": "application/vnd.docker.distribution.events.v2+json" };

const createWorld = (send: (messages: readonly QueuedWork[]) => Promise<void> = async () => {}) => {
  const stored: QueuedWork[] = [];
  const log: string[] = [];
  const endpoints = [
    endpointOf("hub", "dockerhub", "/events", "address-s3cret"),
    endpointOf("inner", "distribution", "/events/inner", "header-s3cret"),
  ];
  const intake = createIntake({
    clock: { nowMs: () => 1 },
    random: { fraction: () => 0.5 },
    queue: {
      async send(messages) {
        await send(messages);
        stored.push(...messages);
      },
    },
    endpoints,
    log: (event, fields) => void log.push(JSON.stringify({ event, ...fields })),
  });
  return { intake, stored, log };
};

describe("which source a path belongs to", () => {
  test.each([
    ["/events/address-s3cret", HUB, {}, 200, "hub"],
    ["/events", HUB, {}, 404, "hub"],
    ["/events/wrong", HUB, {}, 404, "hub"],
    // Another source's path with one more segment is that source's, not an address with a secret.
    ["/events/inner", EMPTY, { ...DISTRIBUTION, authorization: "header-s3cret" }, 202, "inner"],
    ["/events/inner", EMPTY, { ...DISTRIBUTION, authorization: "wrong" }, 401, "inner"],
    ["/events/address-s3cret/more", HUB, {}, 404, undefined],
    ["/eventsaddress-s3cret", HUB, {}, 404, undefined],
    ["/", HUB, {}, 404, undefined],
  ])("%s", async (path, body, headers, status, source) => {
    const { intake, stored, log } = createWorld();
    const answer = await intake(requestOf(body, headers, { path }));
    expect(answer.status).toBe(status);
    expect(stored).toHaveLength(status === 200 && source === "hub" ? 1 : 0);
    expect(log.map((line) => JSON.parse(line).source)).toEqual(source === undefined ? [] : [source]);
    expect(log.join()).not.toContain("s3cret");
    expect(answer.body).not.toContain("s3cret");
  });
});

describe("an answer", () => {
  test("of 2xx is not given before the events are stored", async () => {
    let store = (): void => {};
    const { intake, stored } = createWorld(() => new Promise((resolve) => (store = resolve)));
    let answered = false;
    const answer = intake(requestOf(HUB, {}, { path: "/events/address-s3cret" })).then((one) => {
      answered = true;
      return one;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    store();
    expect((await answer).status).toBe(200);
    expect(stored).toHaveLength(1);
  });

  test.each([
    [new PipelineError("disk full", { code: "STATE_UNAVAILABLE" }), "STATE_UNAVAILABLE"],
    [new TypeError("internal detail"), "INTERNAL"],
  ])("is 503 when they could not be: %s", async (error, reason) => {
    const { intake, log } = createWorld(() => Promise.reject(error));
    const answer = await intake(requestOf(HUB, {}, { path: "/events/address-s3cret" }));
    expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
    expect(answer.body).toContain(reason);
    expect(answer.body).not.toContain("internal detail");
    expect(log[0]).toContain("intake-failed");
  });

  test("is 503 when the secret cannot be read", async () => {
    const failing: Endpoint = {
      ...endpointOf("hub", "dockerhub", "/events", "x"),
      options: () => Promise.reject(new PipelineError("gone", { code: "SECRET_UNAVAILABLE" })),
    };
    const queue = { send: async () => {} };
    const deps = { clock: { nowMs: () => 1 }, random: { fraction: () => 0 }, queue, log: () => {} };
    const intake = createIntake({ ...deps, endpoints: [failing] });
    expect((await intake(requestOf(HUB, {}, { path: "/events/x" }))).status).toBe(503);
  });

  test("to what cannot be read is one line, and nothing is stored", async () => {
    const { intake, stored } = createWorld();
    const answer = await intake(requestOf("{", {}, { path: "/events/address-s3cret" }));
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.body.trim().split("\n")).toHaveLength(1);
    expect(stored).toEqual([]);
  });
});

describe("above the limit on events", () => {
  const limitedBy = (admit: Endpoint["admit"] & object, type = "dockerhub") => {
    const stored: QueuedWork[] = [];
    const log: string[] = [];
    const asked: number[] = [];
    const endpoint: Endpoint = {
      ...endpointOf("hub", type, "/events", "s3cret"),
      admit: (events) => {
        asked.push(events);
        return admit(events);
      },
    };
    const intake = createIntake({
      clock: { nowMs: () => 1 },
      random: { fraction: () => 0.5 },
      queue: { send: async (messages) => void stored.push(...messages) },
      endpoints: [endpoint],
      log: (event) => void log.push(event),
    });
    return { intake, stored, log, asked };
  };
  const path = "/events/s3cret";

  test("nothing is stored, and the sender hears when to come back", async () => {
    const { intake, stored, log } = limitedBy(async () => 12_345);
    const answer = await intake(requestOf(HUB, {}, { path }));
    expect(answer).toMatchObject({ status: 429, headers: { "retry-after": "13" } });
    expect([stored, log]).toEqual([[], ["intake-limited"]]);
  });

  test("a request without proof uses nothing up, nor does one that asks for no work", async () => {
    const { intake, asked } = limitedBy(async () => undefined, "distribution");
    await intake(requestOf(EMPTY, { ...DISTRIBUTION, authorization: "wrong" }, { path: "/events" }));
    await intake(requestOf(EMPTY, { ...DISTRIBUTION, authorization: "s3cret" }, { path: "/events" }));
    expect(asked).toEqual([]);
  });

  test("a limit that cannot be read costs no event", async () => {
    const { intake, stored, log } = limitedBy(() => Promise.reject(new Error("state is out of reach")));
    expect((await intake(requestOf(HUB, {}, { path }))).status).toBe(200);
    expect(stored).toHaveLength(1);
    expect(log).toEqual(["intake-uncounted", "intake-accepted"]);
  });

  // What each sender does with the answer stands in its documentation: Distribution queues up behind a 4xx, Event
  // Grid gives an event up for 400 and 413, Quay switches a hook off after three failures.
  test.each(Object.values(SOURCES))("$name hears what makes it do the right thing", ({ name, answers }) => {
    const allowed = {
      distribution: [503],
      gitlab: [503],
      quay: [200],
      "acr-eventgrid": [503],
      harbor: [503],
    };
    expect((allowed as Record<string, number[]>)[name] ?? [429, 503]).toContain(answers.limited);
  });
});
