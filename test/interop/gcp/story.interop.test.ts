import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DecisionRecord } from "../../../shared/state.ts";
import { isIsolated } from "../namespace.ts";
import { noteSeen } from "../seen.ts";
import { type PushedImage, pushImage } from "../world/images.ts";
import { expectKilledDeliverToLoseNothing } from "../world/killed-deliver.ts";
import { describeCounted } from "./counted-suite.ts";
import { GCR, NAMES } from "./deployment.ts";
import { type GcpWorld, GITHUB_SECRET, INPUTS_TOKEN, startGcpWorld } from "./gcp-world.ts";
import { describePerson } from "./person-suite.ts";
import { describePushed } from "./pushed-suite.ts";

const TIMEOUT_MS = 40_000;
const POLL_MS = 100;
/** Long enough for a message that is under way to do what it must not. */
const QUIET_MS = 3_000;

const eventually = async <T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T> => {
  const deadlineMs = Date.now() + TIMEOUT_MS;
  while (Date.now() < deadlineMs) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(POLL_MS);
  }
  throw new Error(`not in time: ${what}`);
};

describe.skipIf(!isIsolated())("Sluice on Google Cloud", () => {
  let gcp: GcpWorld;

  beforeAll(async () => {
    gcp = await startGcpWorld();
    gcp.github.deliverTo({ url: `${gcp.functions.intake.url}/events/ghcr`, secret: GITHUB_SECRET });
  });
  afterAll(() => gcp?.stage.world.close());

  const push = (repository: string, tag: string): Promise<PushedImage> =>
    pushImage({
      host: gcp.stage.host("referrers"),
      repository: `acme/${repository}`,
      tag,
      text: `${repository} ${tag}`,
    });
  const sign = ({ reference }: PushedImage): Promise<unknown> =>
    gcp.stage.cosign(3).sign(reference, { format: "bundle", by: { token: gcp.stage.token() } });

  /** As Artifact Registry words it. */
  const toChange = ({ repository, digest }: PushedImage, tag?: string): string => {
    const name = `${gcp.valve.host}/${repository}`;
    return JSON.stringify({
      action: "INSERT",
      digest: `${name}@${digest}`,
      ...(tag === undefined ? {} : { tag: `${name}:${tag}` }),
    });
  };
  const announce = (image: PushedImage, tag?: string): Promise<void> =>
    gcp.publish(GCR, toChange(image, tag));

  const decisionsOf = async (repository: string): Promise<readonly DecisionRecord[]> => {
    const records = await gcp.cloud.state.records({
      subscription: `c/OCIRepository/apps/${repository}`,
      limit: 1_000,
    });
    return records.filter((record) => record.kind === "decision");
  };
  const finalDecision = (repository: string, tag: string): Promise<DecisionRecord> =>
    eventually(`a final decision for ${repository}:${tag}`, async () =>
      (await decisionsOf(repository)).find((record) => record.tag === tag && record.outcome !== "wait"),
    );
  const requestsFor = (repository: string) =>
    gcp.receiver.requests.filter(({ target, body }) =>
      `${target} ${Buffer.from(body)}`.includes(`OCIRepository/apps/${repository}"`),
    );
  const accepted = (repository: string, count: number) =>
    eventually(`${count} accepted deliveries for ${repository}`, () => {
      const found = requestsFor(repository).filter(({ status }) => status === 200);
      return found.length >= count ? found : undefined;
    });
  const deadLetter = (reason: RegExp) =>
    eventually(`a dead letter ${reason}`, async () =>
      (await gcp.cloud.deadLetters.list(100)).find((letter) => reason.test(letter.reason)),
    );

  test("a push to Artifact Registry reconciles its object once its signature is there", async () => {
    const image = await push("app", "1.4.0");
    await announce(image, "1.4.0");
    await eventually("the wait for evidence", async () =>
      (await decisionsOf("app")).find(({ outcome }) => outcome === "wait"),
    );
    await sign(image);
    const decision = await finalDecision("app", "1.4.0");
    expect(decision).toMatchObject({ outcome: "notify", reason: "verified", digest: image.digest });
    const [request, ...more] = await accepted("app", 1);
    expect(more).toEqual([]);
    expect(request?.annotated).toEqual(["OCIRepository/apps/app"]);
    noteSeen("Google Cloud: push to receiver", { outcome: decision.outcome, reason: decision.reason });
  });

  test("the same message again and again changes nothing", async () => {
    const before = await decisionsOf("app");
    const image = await push("app", "1.4.0");
    for (let times = 0; times < 3; times++) await announce(image, "1.4.0");
    await sleep(QUIET_MS);
    expect(await decisionsOf("app")).toEqual(before);
    expect(requestsFor("app")).toHaveLength(1);
  });

  describeCounted(() => ({
    gcp,
    push,
    sign,
    announce,
    accepted,
    awaited: (object, tag) =>
      eventually("the wait", async () => (await decisionsOf(object)).find((one) => one.tag === tag)),
  }));

  test("nothing unsigned is told: the delayed look finds the deadline passed", async () => {
    const image = await push("unsigned", "1.0.0");
    await announce(image, "1.0.0");
    const decision = await finalDecision("unsigned", "1.0.0");
    expect(decision).toMatchObject({ outcome: "reject", digest: image.digest });
    expect(requestsFor("unsigned")).toEqual([]);
  });

  test("a receiver that asks for an identity gets Google's token for its own audience", async () => {
    const image = await push("by-oidc", "1.0.0");
    await sign(image);
    await announce(image, "1.0.0");
    const [request] = await accepted("by-oidc", 1);
    expect(request?.headers.authorization).toMatch(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
  });

  test("decisions are published where other systems can hear of them", async () => {
    const url = `${gcp.parts.pubsub.url}/v1/projects/${NAMES.project}/subscriptions/decisions:pull`;
    const types = await eventually("published decisions", async () => {
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ maxMessages: 100, returnImmediately: true });
      const response = await fetch(url, { method: "POST", headers, body });
      const { receivedMessages = [] } = (await response.json()) as {
        receivedMessages?: readonly { message: { attributes: Record<string, string> } }[];
      };
      const found = new Set(receivedMessages.map(({ message }) => message.attributes["ce-type"]));
      return found.has("sluice.decision") && found.has("sluice.delivery") ? found : undefined;
    });
    expect(types.size).toBeGreaterThanOrEqual(2);
  });

  test("a function that dies half-way loses nothing", async () => {
    const image = await push("held", "1.0.0");
    await sign(image);
    gcp.valve.hold(true);
    await announce(image, "1.0.0");
    await eventually("a request to the registry", () => (gcp.valve.waiting() > 0 ? true : undefined));
    await gcp.functions.evaluate.kill();
    gcp.valve.hold(false);
    await gcp.functions.evaluate.start();
    expect(await finalDecision("held", "1.0.0")).toMatchObject({ outcome: "notify", digest: image.digest });
    expect(await accepted("held", 1)).toHaveLength(1);
  });

  test("poison is set aside with its reason, and is not handed out again", async () => {
    await gcp.publish(NAMES.evaluateTopic, '{"sluice":1,"id":"poison","work":{"kind":"unheard-of"}}');
    const letter = await deadLetter(/^WORK_MALFORMED: the message does not fit/);
    expect(letter).toMatchObject({ id: "poison" });
    expect(letter.work).toBeUndefined();
    // Sent again as it came, it is read again, and set aside again.
    expect(await gcp.cloud.deadLetters.replay(["poison"])).toBe(1);
    await eventually("the poison again", async () =>
      (await gcp.cloud.deadLetters.list(100)).find(({ id, atMs }) => id === "poison" && atMs > letter.atMs),
    );
    await gcp.publish(GCR, "neither JSON nor an event");
    await deadLetter(/^WORK_MALFORMED: .*gar/);
    await gcp.publish(GCR, '{"sluice":1,"id":"forged","work":{"kind":"deliver","receiver":"c/apps/to-app"}}');
    await deadLetter(/^WORK_MALFORMED: .*action/);
  });

  test("what Pub/Sub gives up on reaches a person, who sends it again", async () => {
    const image = await push("crash", "1.0.0");
    await sign(image);
    await gcp.functions.evaluate.kill();
    await announce(image, "1.0.0");
    // Five deliveries to nobody: then it is a dead letter of Pub/Sub, and the sweep takes it in.
    const letter = await eventually("Pub/Sub's dead letter", async () => {
      await fetch(`${gcp.functions.sweep.url}/due`, { method: "POST" });
      return (await gcp.cloud.deadLetters.list(100)).find(({ reason }) =>
        reason.startsWith("Pub/Sub gave up"),
      );
    });
    expect(letter.work).toMatchObject({ kind: "push", push: { repository: "acme/crash", tag: "1.0.0" } });
    await gcp.functions.evaluate.start();
    expect(await decisionsOf("crash")).toEqual([]);
    expect(await gcp.cloud.deadLetters.replay([letter.id])).toBe(1);
    expect(await finalDecision("crash", "1.0.0")).toMatchObject({ outcome: "notify" });
    expect((await gcp.cloud.deadLetters.list(100)).map(({ id }) => id)).not.toContain(letter.id);
  });

  test("the sweep has GitHub deliver again what did not arrive, with the hook's own token, and once", async () => {
    for (let turn = 0; turn < 2; turn++) {
      expect((await fetch(`${gcp.functions.sweep.url}/repositories`, { method: "POST" })).status).toBe(204);
    }
    expect(gcp.github.redelivered).toEqual(["/orgs/acme/hooks/1/deliveries/7/attempts Bearer github-t0ken"]);
    expect(gcp.github.answers).toEqual([202]);
  });

  test("the sweep finds what no event told", async () => {
    const image = await push("app", "1.5.0");
    await sign(image);
    const response = await fetch(`${gcp.functions.sweep.url}/repositories`, { method: "POST" });
    expect(response.status).toBe(204);
    expect(await finalDecision("app", "1.5.0")).toMatchObject({ outcome: "notify", digest: image.digest });
    expect(await accepted("app", 2)).toHaveLength(2);
    expect((await fetch(`${gcp.functions.sweep.url}/prune`, { method: "POST" })).status).toBe(204);
    expect((await fetch(`${gcp.functions.sweep.url}/constructor`, { method: "POST" })).status).toBe(404);
  });

  test("the newest verified version is served to who shows the cluster's token", async () => {
    const ask = (token: string): Promise<Response> =>
      fetch(`${gcp.functions.inputs.url}/clusters/c/inputs`, {
        headers: { authorization: `Bearer ${token}` },
      });
    expect((await ask(`${INPUTS_TOKEN}n`)).status).toBe(401);
    const response = await ask(INPUTS_TOKEN);
    expect([response.status, await response.json()]).toEqual([
      200,
      { inputs: [expect.objectContaining({ repository: "acme/app", tag: "1.5.0" })] },
    ]);
  });

  describePerson(() => ({ gcp, push, sign, announce, finalDecision }));

  describePushed(() => ({ gcp, push, sign, toChange, decisionsOf, finalDecision }));

  test("deliver that dies once its request arrived tells the same again, and nothing older after it", () =>
    expectKilledDeliverToLoseNothing(
      {
        receiver: gcp.receiver,
        object: "OCIRepository/apps/cut-off",
        async publish(tag) {
          const image = await push("cut-off", tag);
          await sign(image);
          await announce(image, tag);
          expect(await finalDecision("cut-off", tag)).toMatchObject({ outcome: "notify" });
        },
        loseAnswers: (lost) => {
          gcp.trouble.loseAnswers = lost;
        },
        ...gcp.functions.deliver,
        sweepDue: () => fetch(`${gcp.functions.sweep.url}/due`, { method: "POST" }),
      },
      ["1.0.0", "1.1.0", "1.2.0"],
    ));
});
