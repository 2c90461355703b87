import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeWork } from "../../../shared/work-message.ts";
import { isIsolated } from "../namespace.ts";
import { noteSeen } from "../seen.ts";
import { ACCOUNT, FUNCTIONS, REGION } from "../world/aws-stage.ts";
import { type Polled, pollOnce } from "../world/event-source.ts";
import type { Lambda } from "../world/lambda.ts";
import { ECR_HOST, EVENTS_SECRET, type StoryWorld, startStoryWorld } from "./story-world.ts";

/** One list for each function; the roles in serverless.yml are compared with it. */
const CALLS_FILE = join(import.meta.dirname, "../../../infra/aws/calls.json");
const PATIENCE_MS = 30_000;
const POLL_MS = 100;
/** `3 × receiverTimeout + 1 min`: how long a receiver stays held by an instance that died. */
const LEASE_MS = 3 * 2_000 + 60_000;

let events = 0;

/** As AWS documents it; only names, digest and tag are ours. */
const toEcrEvent = (repository: string, digest: string, tag?: string) => ({
  version: "0",
  id: `13cde686-328b-6117-af20-${String(++events).padStart(12, "0")}`,
  "detail-type": tag === undefined ? "ECR Referrer Action" : "ECR Image Action",
  source: "aws.ecr",
  account: ACCOUNT,
  time: "2019-11-16T01:54:34Z",
  region: REGION,
  resources: [],
  detail: {
    result: "SUCCESS",
    "repository-name": repository,
    "image-digest": digest,
    "action-type": "PUSH",
    ...(tag === undefined ? {} : { "image-tag": tag }),
  },
});

describe.skipIf(!isIsolated())("a push to ECR reaches the cluster through Lambda", () => {
  let world: StoryWorld;
  let evaluate: Lambda;
  let deliver: Lambda;
  let sweep: Lambda;

  beforeAll(async () => {
    world = await startStoryWorld();
    const hosts = [ECR_HOST];
    [evaluate, deliver, sweep] = await Promise.all([
      world.aws.start("evaluate", { hosts }),
      world.aws.start("deliver"),
      world.aws.start("sweep"),
    ]);
  });
  afterAll(() => world?.stage.world.close());

  const send = (event: unknown, queue: "evaluate" | "deliver" = "evaluate") =>
    world.aws.sqs.send(
      new SendMessageCommand({
        QueueUrl: world.aws.queueUrl(queue),
        MessageBody: typeof event === "string" ? event : JSON.stringify(event),
      }),
    );

  const poll = (queue: "evaluate" | "deliver", lambda: Lambda): Promise<Polled | undefined> =>
    pollOnce(world.aws.sqs, world.aws.queueUrl(queue), lambda);

  /** Lets both functions work until `isThere`. */
  const workUntil = async (what: string, isThere: () => Promise<boolean> | boolean): Promise<void> => {
    const deadlineMs = Date.now() + PATIENCE_MS;
    while (Date.now() < deadlineMs) {
      const polled = [await poll("evaluate", evaluate), await poll("deliver", deliver)];
      if (await isThere()) return;
      if (polled.every((one) => one === undefined)) await wait(POLL_MS);
    }
    throw new Error(
      `${what} did not come about:\n${evaluate.log().slice(-3_000)}\n${deliver.log().slice(-3_000)}`,
    );
  };

  const decisions = async (): Promise<readonly { tag?: string; outcome: string; reason: string }[]> => {
    const { stdout, output, code } = await world.stage.sluice.run(
      ["decisions", "list", "--json", "--limit", "1000", "--runtime", "aws", "--stage", "test"],
      "",
      world.aws.operatorEnv,
    );
    if (code !== 0) throw new Error(output);
    return JSON.parse(stdout);
  };

  const acceptedFor = (tag: string): readonly string[] =>
    world.receiver.accepted
      .filter(({ body }) => Buffer.from(body).toString().includes(`"${tag}"`))
      .map(({ target }) => world.receiverAt(target))
      .sort();

  test("the first sweep records what is there and tells nobody", async () => {
    const digest = await world.push("acme/app", "1.0.0");
    await world.sign("acme/app", digest);
    await sweep.invoke({ sweep: "repositories" });
    await workUntil("the baseline", async () => (await decisions()).some(({ tag }) => tag === "1.0.0"));
    expect((await decisions()).map(({ tag, outcome, reason }) => [tag, outcome, reason])).toEqual([
      ["1.0.0", "ignore", "baseline"],
    ]);
    expect(world.receiver.requests).toEqual([]);
  });

  test("a signed version is told to both Receivers once, however often its event comes", async () => {
    const digest = await world.push("acme/app", "1.1.0");
    await world.sign("acme/app", digest);
    const event = toEcrEvent("acme/app", digest, "1.1.0");
    for (let copies = 0; copies < 3; copies++) await send(event);
    await workUntil("both deliveries", () => acceptedFor("1.1.0").length >= 2);
    await poll("evaluate", evaluate);
    await poll("deliver", deliver);
    expect(acceptedFor("1.1.0")).toEqual(["generic-hmac", "generic-oidc"]);
    expect((await decisions()).filter(({ tag }) => tag === "1.1.0")).toEqual([
      expect.objectContaining({ outcome: "notify", reason: "verified" }),
    ]);
  });

  test("a version waits for its signature, whose own event wakes it", async () => {
    const digest = await world.push("acme/app", "1.2.0");
    await send(toEcrEvent("acme/app", digest, "1.2.0"));
    await workUntil("the wait", async () => (await decisions()).some(({ tag }) => tag === "1.2.0"));
    expect(acceptedFor("1.2.0")).toEqual([]);
    await world.sign("acme/app", digest);
    await send(toEcrEvent("acme/app", await world.referrerOf("acme/app", digest)));
    await workUntil("the deliveries", () => acceptedFor("1.2.0").length >= 2);
    expect((await decisions()).filter(({ tag }) => tag === "1.2.0").map(({ outcome }) => outcome)).toEqual([
      "wait",
      "notify",
    ]);
  });

  test("of one batch, what fails comes again, what is poison is set aside, and the rest is done", async () => {
    const app = await world.push("acme/app", "1.3.0");
    const other = await world.push("acme/other", "1.3.0");
    await Promise.all([world.sign("acme/app", app), world.sign("acme/other", other)]);
    world.trouble.registryDown = true;
    const failing = await send(toEcrEvent("acme/other", other, "1.3.0"));
    await Promise.all([send(toEcrEvent("acme/app", app, "1.3.0")), send("poison")]);
    const failed: string[] = [];
    for (let seen = 0; seen < 3; ) {
      const polled = await poll("evaluate", evaluate);
      seen += polled?.event.Records.length ?? 0;
      failed.push(...(polled?.failed ?? []));
    }
    expect(new Set(failed)).toEqual(new Set([failing.MessageId]));
    const { Messages = [] } = await world.aws.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: world.aws.queueUrl("evaluate-dead"),
        MessageAttributeNames: ["All"],
        VisibilityTimeout: 0,
      }),
    );
    expect(
      Messages.map(({ Body, MessageAttributes }) => [Body, MessageAttributes?.SluiceReason?.StringValue]),
    ).toEqual([["poison", "WORK_MALFORMED: the message is not JSON"]]);
    world.trouble.registryDown = false;
    // The first version of that repository that Sluice meets by a push counts as news.
    await workUntil("both", () =>
      world.receiver.accepted.some(({ annotated }) => annotated.includes("OCIRepository/apps/other")),
    );
    expect(acceptedFor("1.3.0").length).toBeGreaterThanOrEqual(3);
  });

  test("a receiver that a killed instance held is told once the lease is over", async () => {
    const digest = await world.push("acme/app", "1.4.0");
    await world.sign("acme/app", digest);
    await send(toEcrEvent("acme/app", digest, "1.4.0"));
    world.trouble.receiverHangs = true;
    for (let polls = 0; polls < 100 && (await poll("evaluate", evaluate)) === undefined; polls++)
      await wait(POLL_MS);
    const dying = await world.aws.start("deliver");
    const cutOff = poll("deliver", dying).catch((error: unknown) => String(error));
    // Long enough to hold the receiver and to be under way with the request, which takes two seconds.
    await wait(1_000);
    await dying.kill();
    expect(await cutOff).toContain("the function ended");
    world.trouble.receiverHangs = false;
    const before = acceptedFor("1.4.0").length;
    await send(
      encodeWork({ id: "again", work: { kind: "deliver", receiver: "c/apps/generic-hmac" } }),
      "deliver",
    );
    for (let polls = 0; polls < 100 && (await poll("deliver", deliver)) === undefined; polls++)
      await wait(POLL_MS);
    expect(acceptedFor("1.4.0")).toHaveLength(before);
    deliver = await world.aws.start("deliver", { clockAheadMs: LEASE_MS });
    await workUntil("the deliveries", () => acceptedFor("1.4.0").length >= 2);
    expect(acceptedFor("1.4.0")).toEqual(["generic-hmac", "generic-oidc"]);
  });

  test("a registry's webhook is stored as it came, base64 or not", async () => {
    const intake = await world.aws.start("intake");
    const digest = await world.push("acme/app", "1.5.0");
    await world.sign("acme/app", digest);
    const body = JSON.stringify({
      events: [
        {
          id: "webhook-1",
          action: "push",
          target: {
            mediaType: "application/vnd.oci.image.manifest.v1+json",
            digest,
            repository: "acme/app",
            tag: "1.5.0",
          },
          request: { host: "somewhere.example" },
        },
      ],
    });
    const toRequest = (secret: string, isBase64Encoded: boolean) => ({
      version: "2.0",
      routeKey: "ANY /{path+}",
      rawPath: "/events/distribution",
      rawQueryString: "",
      headers: {
        authorization: `Bearer ${secret}`,
        "content-type": "application/vnd.docker.distribution.events.v2+json",
      },
      requestContext: { http: { method: "POST", path: "/events/distribution" }, stage: "$default" },
      body: isBase64Encoded ? Buffer.from(body).toString("base64") : body,
      isBase64Encoded,
    });
    expect(await intake.invoke(toRequest("wrong", true))).toMatchObject({ statusCode: 401 });
    expect(await intake.invoke(toRequest(EVENTS_SECRET, true))).toMatchObject({ statusCode: 202 });
    expect(await intake.invoke(toRequest(EVENTS_SECRET, false))).toMatchObject({ statusCode: 202 });
    await workUntil("the deliveries", () => acceptedFor("1.5.0").length >= 2);
    expect(acceptedFor("1.5.0")).toHaveLength(2);
  });

  test("what each function asked of AWS is what its role is made from", async () => {
    await sweep.invoke({ sweep: "due" });
    const asked = Object.fromEntries(
      FUNCTIONS.map((name) => [
        name,
        [...new Set(world.aws.callsOf(name).map(({ action, resource }) => `${action} ${resource}`))].sort(),
      ]),
    );
    noteSeen("AWS calls", asked);
    expect(asked).toEqual(JSON.parse(await readFile(CALLS_FILE, "utf8")));
  });
});
