import { beforeEach, describe, expect, test } from "vitest";
import type { OutcomeCode } from "../../../shared/delivery/outcomes.ts";
import { createHarness, digestOf, type Harness, RECEIVER, ruleOf, subscriptionOf } from "./harness.ts";

const ANOTHER = "c/apps/another";
const MINUTE_MS = 60_000;

let at: Harness;
beforeEach(async () => {
  at = createHarness();
  at.tags.set("1.0.0", digestOf("1.0.0"));
  await at.sweep();
});

const entryOf = async (receiver = RECEIVER) => (await at.stateOf()).outbox[receiver];

describe("one attempt", () => {
  test.each<[OutcomeCode, string, boolean]>([
    ["accepted", "accepted", false],
    ["server-error", "due", true],
    ["bad-request", "due", true],
    ["misconfigured", "parked", false],
    ["identity-unavailable", "due", true],
    ["gone", "disabled", false],
    ["cancelled", "due", true],
  ])("that comes to %s leaves the entry %s", async (outcome, state, hasNext) => {
    at.world.outcome = outcome;
    await at.publish("1.1.0");
    expect(await entryOf()).toMatchObject({ state, attempts: 1, lastOutcome: outcome });
    expect((await entryOf())?.nextAttemptAtMs !== undefined).toBe(hasNext);
    expect(at.state.all().filter(({ kind }) => kind === "attempt")).toMatchObject([{ outcome, attempt: 1 }]);
    expect((await at.stateOf()).delivered?.tag).toBe(outcome === "accepted" ? "1.1.0" : undefined);
  });

  test("that failed is made again, with the same id and bytes", async () => {
    at.world.outcome = "unavailable";
    await at.publish("1.1.0");
    at.world.outcome = "accepted";
    await at.advance(2_000);
    const [first, second] = at.sent;
    expect(second?.body.id).toBe(first?.body.id);
    expect(second?.body.bytes).toEqual(first?.body.bytes);
    expect(await entryOf()).toMatchObject({ state: "accepted", attempts: 2 });
  });

  test("names who asks for the cluster's versions as well", async () => {
    const provider = { apiVersion: "v1", kind: "ResourceSetInputProvider", namespace: "apps", name: "v" };
    at.world.handling = { ...at.world.handling, providers: [provider] };
    await at.publish("1.1.0");
    const bytes = at.sent[0]?.body.bytes ?? new Uint8Array();
    expect(JSON.parse(new TextDecoder().decode(bytes)).objects).toEqual([
      "OCIRepository/apps/app",
      "ResourceSetInputProvider/apps/v",
    ]);
  });

  test("that is refused for ten minutes is parked", async () => {
    at.world.outcome = "not-found";
    await at.publish("1.1.0");
    for (let minute = 0; minute < 12; minute++) await at.advance(MINUTE_MS);
    expect(await entryOf()).toMatchObject({ state: "parked" });
    expect(at.log.map(({ event }) => event)).toContain("delivery-parked");
  });

  test("leaves a newer decision that came during it as it is, and that goes next", async () => {
    at.world.outcome = "server-error";
    at.world.duringSend = async () => {
      at.world.duringSend = async () => {};
      at.world.outcome = "accepted";
      at.signed.set(digestOf("1.2.0"), "verified");
      at.tags.set("1.2.0", digestOf("1.2.0"));
      await at.overtake({ tag: "1.2.0", digest: digestOf("1.2.0") });
    };
    await at.publish("1.1.0");
    expect(at.told()).toEqual(["1.1.0", "1.2.0"]);
    expect(await entryOf()).toMatchObject({ tag: "1.2.0", state: "accepted", attempts: 1 });
    await at.advance(MINUTE_MS);
    expect(at.told()).toEqual(["1.1.0", "1.2.0"]);
  });

  test("does not make a decision due again that was withdrawn during it", async () => {
    at.world.outcome = "server-error";
    at.world.duringSend = async () => {
      at.world.duringSend = async () => {};
      at.tags.set("9.9.9", digestOf("9.9.9"));
      await at.overtake({ tag: "9.9.9", digest: digestOf("9.9.9") });
    };
    await at.publish("1.1.0");
    expect(await entryOf()).toMatchObject({ tag: "1.1.0", state: "withdrawn", attempts: 1 });
    await at.advance(MINUTE_MS);
    expect(at.told()).toEqual(["1.1.0"]);
  });
});

test.each([
  [{ usedPreviousToken: true }, "rotation-unfinished"],
  [{ unexpectedBody: true }, "answer-unexpected"],
])("an accepted request of which %j is true is said by %s", async (answer, event) => {
  const said = () => at.log.filter((line) => line.event === event);
  await at.publish("1.1.0");
  expect(said()).toEqual([]);
  at.world.answer = answer;
  await at.publish("1.2.0");
  expect(said()).toEqual([{ event, fields: { receiver: RECEIVER } }]);
});

describe("what is due for one receiver", () => {
  test("leaves as one request", async () => {
    const ids = ["a", "b", "c"];
    at.world.subscriptions = ids.map((name) =>
      subscriptionOf({ id: name, target: { ...subscriptionOf().object, name } }),
    );
    await at.sweep();
    await at.publish("1.1.0");
    expect(at.sent.map(({ body }) => body.changes.map(({ object }) => object.name))).toEqual([ids]);
  });

  test("does not leave while another worker has the receiver, and is not forgotten", async () => {
    await at.state.claim(`deliver/${RECEIVER}`, "another worker", at.deps.clock.nowMs() + 5_000);
    await at.publish("1.1.0");
    expect(at.sent).toEqual([]);
    expect(at.queue.size()).toBe(1);
    for (let second = 0; second < 8; second++) await at.advance(1_000);
    expect(at.told()).toEqual(["1.1.0"]);
  });

  test("does not leave while the circuit is open, and leaves after", async () => {
    at.world.outcome = "unreachable";
    await at.publish("1.1.0");
    for (let second = 0; second < 120; second++) await at.advance(1_000);
    const tries = at.sent.length;
    expect(tries).toBeGreaterThanOrEqual(5);
    const circuit = await at.state.loadDocument(`circuit/${RECEIVER}`);
    expect(circuit?.value).toMatchObject({ state: "open" });
    await at.publish("1.2.0");
    expect(at.sent).toHaveLength(tries);
    at.world.outcome = "accepted";
    for (let minute = 0; minute < 10; minute++) await at.advance(MINUTE_MS);
    expect(at.told().slice(tries)).toEqual(["1.2.0"]);
  });

  test("waits for every receiver before it counts as delivered, and no longer for one that left", async () => {
    at.world.subscriptions = [subscriptionOf({ receivers: [RECEIVER, ANOTHER] })];
    at.world.outcome = "unavailable";
    at.world.duringSend = async () => {
      at.world.outcome = "accepted";
    };
    await at.publish("1.1.0");
    expect(at.sent.map(({ receiver }) => receiver.id)).toEqual([ANOTHER, RECEIVER]);
    expect((await at.stateOf()).delivered).toBeUndefined();
    at.world.subscriptions = [subscriptionOf({ receivers: [RECEIVER] })];
    await at.advance(2_000);
    expect(await entryOf(ANOTHER)).toMatchObject({ state: "withdrawn", lastOutcome: "catalog-changed" });
    await at.publish("1.2.0");
    expect((await at.stateOf()).delivered?.tag).toBe("1.2.0");
  });
});

describe("what is due is withdrawn, with a record, when", () => {
  const changes: Record<string, [() => void, string]> = {
    "its object left the catalog": [
      () => {
        at.world.subscriptions = [];
      },
      "catalog-changed",
    ],
    "its object selects differently": [
      () => {
        at.world.subscriptions = [
          subscriptionOf({ selector: { kind: "semver", range: "3.x", dialect: "flux" } }),
        ];
      },
      "catalog-changed",
    ],
    "another Receiver reaches its object": [
      () => {
        at.world.subscriptions = [subscriptionOf({ receivers: [ANOTHER] })];
      },
      "catalog-changed",
    ],
    "its object is suspended": [
      () => {
        at.world.subscriptions = [subscriptionOf({ suspended: true })];
      },
      "suspended",
    ],
    "the mode became observe": [
      () => {
        at.world.mode = "observe";
      },
      "observing",
    ],
  };

  test.each(Object.entries(changes))("%s", async (_name, [change, reason]) => {
    at.world.outcome = "unavailable";
    await at.publish("1.1.0");
    change();
    at.world.outcome = "accepted";
    await at.advance(2_000);
    expect(at.told()).toEqual(["1.1.0"]);
    expect(await entryOf()).toMatchObject({ state: "withdrawn", lastOutcome: reason });
    expect(at.decisions().at(-1)).toBe(`ignore: ${reason} 1.1.0`);
    expect(await at.state.dueReceivers(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
  });

  test("its object got another baseline first", async () => {
    at.world.outcome = "unavailable";
    await at.publish("1.1.0");
    at.world.subscriptions = [subscriptionOf({ selector: { kind: "tag", tag: "1.0.0" } })];
    await at.sweep();
    expect((await entryOf())?.state).toBe("withdrawn");
    expect(at.decisions().slice(-2)).toEqual(["ignore: catalog-changed 1.1.0", "ignore: baseline 1.0.0"]);
  });

  test.each([
    ["again due if it satisfies them", "verified", ["1.1.0", "1.1.0"], "verified"],
    ["held back if it does not", "identity-mismatch", ["1.1.0"], "pending"],
  ])("the rules changed: %s", async (_name, word, told, status) => {
    at.world.outcome = "unavailable";
    const digest = await at.publish("1.1.0");
    at.world.requirement = { kind: "rules", rules: [ruleOf("r1"), ruleOf("r2")] };
    at.signed.set(digest, word);
    at.world.outcome = "accepted";
    await at.advance(2_000);
    expect(at.told()).toEqual(told);
    expect(at.decisions()).toContain("ignore: rules-changed 1.1.0");
    expect((await at.stateOf()).selection?.status).toBe(status);
  });

  test("Flux would take something unverified instead, unless the cluster itself verifies", async () => {
    at.world.outcome = "unavailable";
    await at.publish("1.1.0");
    await at.publish("1.2.0", "unsigned");
    expect(await entryOf()).toMatchObject({ tag: "1.1.0", state: "withdrawn" });
    expect(at.decisions()).toContain("reject: shadowed-by-unverified 1.1.0");

    at.world.subscriptions = [subscriptionOf({ rules: [ruleOf("own", "object")] })];
    await at.publish("1.3.0");
    await at.publish("1.4.0", "unsigned");
    expect(await entryOf()).toMatchObject({ tag: "1.3.0", state: "due" });
  });
});

test("observe mode decides, and fills no outbox", async () => {
  at.world.mode = "observe";
  await at.publish("1.1.0");
  expect(at.decisions().at(-1)).toBe("notify: verified 1.1.0");
  expect((await at.stateOf()).outbox).toEqual({});
});

test("a receiver that is not in the catalog any more gets nothing", async () => {
  await at.pipeline.run({ kind: "deliver", receiver: "c/apps/unknown" }, at.signal);
  expect(at.sent).toEqual([]);
  expect(at.queue.size()).toBe(0);
});

test("due work whose hint was lost is found by the sweep", async () => {
  at.world.outcome = "unavailable";
  await at.publish("1.1.0");
  await at.publish("1.2.0", "unsigned");
  at.setNow(at.deps.clock.nowMs() + 20_000);
  for (const received of await at.queue.receive(100, 1)) await at.queue.complete(received);
  at.world.outcome = "accepted";
  at.signed.set(digestOf("1.2.0"), "verified");
  await at.drain();
  expect(at.told()).toEqual(["1.1.0"]);
  await at.pipeline.sweepDue();
  await at.pipeline.sweepDue();
  await at.drain();
  expect(at.told()).toEqual(["1.1.0", "1.2.0"]);
});
