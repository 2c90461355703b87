import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import calls from "../../../infra/aws/calls.json" with { type: "json" };
import { createDynamoDelayedWork } from "../../../shared/adapters/aws/dynamodb/delayed-work.ts";
import { encodeWork } from "../../../shared/work-message.ts";
import { isIsolated } from "../namespace.ts";
import { noteSeen } from "../seen.ts";
import { describeCalls } from "../world/aws-call.ts";
import { FUNCTIONS } from "../world/aws-stage.ts";
import { describePerson } from "./person-suite.ts";
import { toFluxEvent, toHttpEvent } from "./story-events.ts";
import { type Play, startPlay, toEcrEvent } from "./story-play.ts";
import { BOTH, REPOSITORIES } from "./story-policy.ts";
import { CONFIRMATIONS_TOKEN, EVENTS_SECRET, startStoryWorld } from "./story-world.ts";

/** `3 × receiverTimeout + 1 min`: how long a receiver stays held by an instance that died. */
const LEASE_MS = 3 * 2_000 + 60_000;
/** `sweep.tagsMaxAge`, as it is by default. */
const TAGS_MAX_AGE_MS = 5 * 60_000;

interface ShownRecord {
  readonly kind: string;
  readonly outcome: string;
}

describe.skipIf(!isIsolated())("a push to ECR reaches the cluster through Lambda", () => {
  let play: Play;
  let world: Play["world"];

  beforeAll(async () => {
    world = await startStoryWorld();
    play = await startPlay(world);
  });
  afterEach(() => Object.assign(world.trouble, { registryDown: false, receiver: "up", status: undefined }));
  afterAll(() => world?.stage.world.close());

  const pushSigned = async (repository: string, tag: string): Promise<string> => {
    const digest = await world.push(repository, tag);
    await world.sign(repository, digest);
    return digest;
  };

  test("the first sweep records what is there, in every kind of registry, and tells nobody", async () => {
    for (const { repository } of REPOSITORIES) await pushSigned(repository, "1.0.0");
    await play.at.sweep.invoke({ sweep: "repositories" });
    await play.workUntil(
      "the baselines",
      // One of them is verified as well, for who asks for the cluster's inputs.
      async () => (await play.decisions()).length === REPOSITORIES.length + 1,
    );
    expect(
      new Set((await play.decisions()).map(({ tag, outcome, reason }) => `${tag} ${outcome} ${reason}`)),
    ).toEqual(new Set(["1.0.0 ignore baseline", "1.0.0 ignore served"]));
    expect(world.receiver.requests).toEqual([]);
  });

  test("the sweep asks GitHub for what did not arrive, as each hook's own token lets it", () => {
    expect(world.redelivered).toEqual([
      "/orgs/acme/hooks/github/deliveries/7/attempts Bearer github-t0ken",
      "/orgs/acme/hooks/other/deliveries/7/attempts Bearer other-t0ken",
    ]);
  });

  test("a signed version is told to both Receivers once, however often its event comes", async () => {
    const digest = await pushSigned("acme/app", "1.1.0");
    const event = toEcrEvent("acme/app", digest, "1.1.0");
    const archived = toEcrEvent("acme/app", digest, "1.1.0", "UPDATE_STORAGE_CLASS");
    expect(await play.emit(event, event, archived, event)).toHaveLength(3);
    await play.workUntil("both deliveries", () => play.acceptedFor("1.1.0").length >= 2);
    await play.poll("evaluate");
    await play.poll("deliver");
    expect(play.acceptedFor("1.1.0")).toEqual(BOTH);
    expect((await play.decisions()).filter(({ tag }) => tag === "1.1.0")).toEqual([
      expect.objectContaining({ outcome: "notify", reason: "verified" }),
    ]);
  });

  test("a version waits for its signature, whose own event wakes it", async () => {
    const digest = await world.push("acme/app", "1.2.0");
    await play.emit(toEcrEvent("acme/app", digest, "1.2.0"));
    const ofTag = async () => (await play.decisions()).filter(({ tag }) => tag === "1.2.0");
    await play.workUntil("the wait", async () => (await ofTag()).length > 0);
    expect(play.acceptedFor("1.2.0")).toEqual([]);
    await world.sign("acme/app", digest);
    await play.emit(toEcrEvent("acme/app", await world.referrerOf("acme/app", digest)));
    await play.workUntil("the deliveries", () => play.acceptedFor("1.2.0").length >= 2);
    expect((await ofTag()).map(({ outcome }) => outcome)).toEqual(["wait", "notify"]);
  });

  test("of one batch, what fails comes again, what is poison is set aside, and the rest is done", async () => {
    const app = await pushSigned("acme/app", "1.3.0");
    const other = await pushSigned("acme/other", "1.3.0");
    world.trouble.registryDown = true;
    const [failing] = await play.emit(toEcrEvent("acme/other", other, "1.3.0"));
    await play.emit(toEcrEvent("acme/app", app, "1.3.0"));
    await play.send("poison", "evaluate");
    const failed = new Set<string>();
    for (let seen = 0; seen < 3; ) {
      const polled = await play.pollSome("evaluate");
      seen += polled.event.Records.length;
      for (const id of polled.failed) failed.add(id);
    }
    expect([...failed]).toEqual([failing]);
    expect(await play.dead("evaluate")).toEqual([["poison", "WORK_MALFORMED: the message is not JSON"]]);
    world.trouble.registryDown = false;
    const isTold = () =>
      world.receiver.accepted.some(({ annotated }) => annotated.includes("OCIRepository/apps/other"));
    await play.workUntil("both", isTold);
    expect(play.acceptedFor("1.3.0").length).toBeGreaterThanOrEqual(3);
  });

  test("deliveries, too, come again or are set aside with the reason", async () => {
    const misrouted = encodeWork({ id: "m", work: { kind: "evaluate", subscription: "s" } });
    const hint = encodeWork({ id: "h", work: { kind: "deliver", receiver: "c/apps/generic-hmac" } });
    await play.send(misrouted, "deliver");
    expect((await play.pollSome("deliver")).failed).toEqual([]);
    expect(await play.dead("deliver")).toEqual([
      [misrouted, "WORK_MALFORMED: evaluate work on the other kind's queue"],
    ]);
    const id = await play.send(hint, "deliver");
    await world.aws.during("deliver", "dynamodb", async () => {
      expect((await play.pollSome("deliver")).failed).toEqual([id]);
    });
    expect((await play.pollSome("deliver")).failed).toEqual([]);
  });

  test("a receiver that a killed instance held is told once the lease is over", async () => {
    const digest = await pushSigned("acme/app", "1.4.0");
    world.trouble.receiver = "hangs";
    await play.emit(toEcrEvent("acme/app", digest, "1.4.0"));
    await play.pollSome("evaluate");
    const dying = await world.aws.start("deliver");
    const { deliver } = play.at;
    play.at.deliver = dying;
    const cutOff = play.pollSome("deliver").catch((error: unknown) => String(error));
    // Long enough to hold the receiver and to be under way with the request, which takes two seconds.
    await wait(1_000);
    await dying.kill();
    expect(await cutOff).toContain("the function ended");
    play.at.deliver = deliver;
    world.trouble.receiver = "up";
    // What is due is found by the timer, and stays held all the same.
    await play.at.sweep.invoke({ sweep: "due" });
    expect((await play.pollSome("deliver")).failed).toEqual([]);
    expect(play.acceptedFor("1.4.0")).not.toEqual(BOTH);
    play.at.deliver = await world.aws.start("deliver", { clockAheadMs: LEASE_MS });
    await play.workUntil("the deliveries", () => play.acceptedFor("1.4.0").length >= 2);
    expect(play.acceptedFor("1.4.0")).toEqual(BOTH);
    play.at.deliver = deliver;
  });

  test("an older version that has not left is withdrawn when Flux would take an unsigned one", async () => {
    const older = await pushSigned("acme/app", "1.5.0");
    world.trouble.receiver = "down";
    await play.emit(toEcrEvent("acme/app", older, "1.5.0"));
    await play.workUntil("an attempt", () => world.receiver.requests.length > 0);
    const newer = await world.push("acme/app", "1.6.0");
    await play.emit(toEcrEvent("acme/app", newer, "1.6.0"));
    const has = async (text: string) =>
      (await play.decisions()).some(({ tag, outcome }) => `${tag} ${outcome}` === text);
    await play.workUntil("the wait", () => has("1.6.0 wait"));
    world.trouble.receiver = "up";
    await world.sign("acme/app", newer);
    await play.emit(toEcrEvent("acme/app", await world.referrerOf("acme/app", newer)));
    await play.workUntil("the deliveries", () => play.acceptedFor("1.6.0").length >= 2);
    expect(play.acceptedFor("1.5.0")).toEqual([]);
  });

  test("a registry's webhook is stored as it came, base64 or not", async () => {
    const intake = await world.aws.start("intake");
    const digest = await pushSigned("acme/app", "1.7.0");
    const target = {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest,
      repository: "acme/app",
      tag: "1.7.0",
    };
    const event = { id: "webhook-1", action: "push", target, request: { host: "somewhere.example" } };
    const body = JSON.stringify({ events: [event] });
    const toRequest = (secret: string, isBase64Encoded: boolean) =>
      toHttpEvent(
        "/events/distribution",
        {
          authorization: `Bearer ${secret}`,
          "content-type": "application/vnd.docker.distribution.events.v2+json",
        },
        body,
        isBase64Encoded,
      );
    expect(await intake.invoke(toRequest("wrong", true))).toMatchObject({ statusCode: 401 });
    expect(await intake.invoke(toRequest(EVENTS_SECRET, true))).toMatchObject({ statusCode: 202 });
    expect(await intake.invoke(toRequest("previous-s3cret", false))).toMatchObject({ statusCode: 202 });
    await play.workUntil("the deliveries", () => play.acceptedFor("1.7.0").length >= 2);
    expect(play.acceptedFor("1.7.0")).toEqual(BOTH);
  });

  test("the newest verified version is served to who shows the cluster's token", async () => {
    const inputs = await world.aws.start("inputs");
    const ask = (token: string) =>
      inputs.invoke({
        version: "2.0",
        routeKey: "GET /clusters/{cluster}/inputs",
        rawPath: "/clusters/c/inputs",
        rawQueryString: "",
        headers: { authorization: `Bearer ${token}` },
        requestContext: { http: { method: "GET", path: "/clusters/c/inputs" }, stage: "$default" },
        isBase64Encoded: false,
      }) as Promise<{ readonly statusCode: number; readonly body: string }>;
    expect(await ask("inputs-t0ke")).toMatchObject({ statusCode: 401 });
    for (const token of ["inputs-t0ken", "previous-inputs-t0ken"]) {
      const { statusCode, body } = await ask(token);
      expect([statusCode, JSON.parse(body)]).toEqual([
        200,
        { inputs: [expect.objectContaining({ repository: "acme/app", tag: "1.7.0" })] },
      ]);
    }
  });

  test("a cluster's own event closes the decision that it is about, also once a newer version is out", async () => {
    const intake = await world.aws.start("intake");
    const decided = async (tag: string) => {
      const found = (await play.decisions()).find((one) => one.tag === tag && one.outcome === "notify");
      if (found?.digest === undefined) throw new Error(`nothing was decided on ${tag}`);
      return { ...found, digest: found.digest };
    };
    const [older, newest] = await Promise.all([decided("1.6.0"), decided("1.7.0")]);
    const toEvent = (digest: string, token = CONFIRMATIONS_TOKEN) =>
      toFluxEvent("app", `1.x@${digest}`, token);
    expect(await intake.invoke(toEvent(newest.digest, "wrong"))).toMatchObject({ statusCode: 401 });
    const told = toEvent(newest.digest);
    for (const event of [told, told, toEvent(older.digest)]) {
      expect(await intake.invoke(event)).toMatchObject({ statusCode: 202 });
    }
    const confirmationsOf = async ({ decisionId }: { readonly decisionId: string }) => {
      const records = (await play.sluice("decisions", "show", decisionId)) as readonly ShownRecord[];
      return records.flatMap(({ kind, outcome }) => (kind === "confirmation" ? [outcome] : []));
    };
    await play.workUntil("the older one's", async () => (await confirmationsOf(older)).length > 0);
    expect([await confirmationsOf(newest), await confirmationsOf(older)]).toEqual([["applied"], ["applied"]]);
    const object = "c/OCIRepository/apps/app";
    expect(await play.sluice("deliveries", "list", "--all", "--object", object)).toEqual(
      BOTH.map(() =>
        expect.objectContaining({
          state: "accepted",
          confirmed: expect.objectContaining({ outcome: "applied" }),
        }),
      ),
    );
  });

  test("where nobody compared all tags for long, a delivery asks for that first", async () => {
    const digest = await pushSigned("acme/app", "1.9.0");
    await play.emit(toEcrEvent("acme/app", digest, "1.9.0"));
    await play.pollSome("evaluate");
    const { deliver } = play.at;
    play.at.deliver = await world.aws.start("deliver", { clockAheadMs: TAGS_MAX_AGE_MS + 60_000 });
    await play.pollSome("deliver");
    expect(play.acceptedFor("1.9.0")).toEqual([]);
    play.at.deliver = deliver;
    const { event } = await play.pollSome("evaluate");
    expect(event.Records.map(({ body }) => body).join()).toContain("/listing");
    await play.at.sweep.invoke({ sweep: "due" });
    await play.workUntil("the deliveries", () => play.acceptedFor("1.9.0").length >= 2);
    expect(play.acceptedFor("1.9.0")).toEqual(BOTH);
  });

  describePerson(() => ({ play, pushSigned }));

  test("work that waits longer than SQS lets it comes back by the timer", async () => {
    const delayed = createDynamoDelayedWork(world.aws.dynamo, { nowMs: Date.now });
    await delayed.add([
      { id: "later", work: { kind: "evaluate", subscription: "c/OCIRepository/apps/app" }, delayMs: 0 },
    ]);
    await play.at.sweep.invoke({ sweep: "due" });
    const { event } = await play.pollSome("evaluate");
    expect(event.Records.map(({ body }) => body).join()).toContain('"later"');
  });

  test("what waits for evidence of an object that left the catalog ends", async () => {
    const digest = await world.push("acme/other", "1.8.0");
    await play.emit(toEcrEvent("acme/other", digest, "1.8.0"));
    const ofTag = async () => (await play.decisions()).filter(({ tag }) => tag === "1.8.0");
    await play.workUntil("the wait", async () => (await ofTag()).length > 0);
    await world.changeCatalog(["other"]);
    play.at.evaluate = await world.aws.start("evaluate", world.evaluateSpec);
    const look = { kind: "evaluate", subscription: "c/OCIRepository/apps/other" } as const;
    await play.send(encodeWork({ id: "look", work: look }), "evaluate");
    await play.workUntil("the end", async () => (await ofTag()).length > 1);
    expect((await ofTag()).at(-1)).toMatchObject({ outcome: "ignore", reason: "catalog-changed" });
  });

  test("what each function asked of AWS is what its role is made from", () => {
    const asked = Object.fromEntries(FUNCTIONS.map((name) => [name, describeCalls(world.aws.callsOf(name))]));
    noteSeen("AWS calls", asked);
    expect(asked).toEqual(calls);
  });
});
