import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sendText } from "../../../shared/adapters/azure/storage-queue.ts";
import { isIsolated } from "../namespace.ts";
import { removeTag } from "../world/images.ts";
import { expectKilledDeliverToLoseNothing } from "../world/killed-deliver.ts";
import { expectCommandsToWork, MISROUTED } from "../world/person-commands.ts";
import { expectDeliveriesToBeMended } from "../world/person-deliveries.ts";
import { describeCounted } from "./counted-suite.ts";
import { describeIntake } from "./intake-suite.ts";
import { NAMES, type RunningApp } from "./stage/apps.ts";
import { createDriver, until } from "./stage/driver.ts";
import { SCHEMAS } from "./stage/events.ts";
import { REGISTRY } from "./stage/front.ts";
import {
  type AzureStage,
  GITHUB_SECRET,
  INPUTS_TOKEN,
  RECEIVER_TOKEN,
  startAzureStage,
} from "./stage/stage.ts";

const execute = promisify(execFile);

describe.skipIf(!isIsolated())("Sluice on Azure Functions", () => {
  let stage: AzureStage;
  let intake: RunningApp;
  let evaluate: RunningApp;
  let deliver: RunningApp;
  let sweep: RunningApp;
  let driver: ReturnType<typeof createDriver>;

  beforeAll(async () => {
    stage = await startAzureStage();
    [intake, evaluate, deliver, sweep] = await Promise.all([
      stage.apps.start("intake"),
      stage.apps.start("evaluate"),
      stage.apps.start("deliver"),
      stage.apps.start("sweep"),
    ]);
    stage.github.deliverTo({ url: `${intake.url}/events/ghcr`, secret: GITHUB_SECRET });
    driver = createDriver(stage);
    // What is selected already, which is nothing, becomes the baseline.
    await runTimer("sweep-repositories");
    await until("the baseline", async () =>
      (await stage.state.list(10)).rows.length === 4 ? true : undefined,
    );
  });
  afterAll(() => stage?.base.world.close());

  const runTimer = async (name: string): Promise<void> => {
    const response = await fetch(`${sweep.url}/admin/functions/${name}`, { method: "POST" });
    expect(response.status).toBe(202);
  };

  test.each([
    { schema: "Event Grid", repository: "shop", object: "apps/shop", tag: "1.1.0" },
    { schema: "CloudEvents", repository: "worker", object: "team/worker", tag: "1.1.0" },
  ] as const)(
    "$schema schema: an event of the registry becomes a delivery to exactly $object",
    async ({ schema, repository, object, tag }) => {
      const pushed = await driver.push(repository, tag);
      await driver.sign(pushed);
      await driver.announce(SCHEMAS[schema](pushed));
      const decision = await driver.finalDecision(object, tag);
      expect(decision).toMatchObject({ outcome: "notify", reason: "verified", digest: pushed.image.digest });
      const request = await driver.delivered(object, pushed.image.digest);
      expect(request.annotated).toEqual([`OCIRepository/${object}`]);
      const told = await until("the decision on the bus", () =>
        stage.front.published.find(({ id }) => id === decision.id),
      );
      expect(told).toMatchObject({ type: "sluice.decision", source: "/sluice/e2e", specversion: "1.0" });
    },
  );

  test("a generic-oidc receiver gets a token of the function's identity, and no signature", () => {
    const [oidc] = stage.receiver.accepted.filter(({ body }) =>
      Buffer.from(body).toString().includes("team/worker"),
    );
    expect(oidc?.headers.authorization).toMatch(/^Bearer /);
    expect(oidc?.headers["x-signature"]).toBeUndefined();
  });

  test("an event that comes three times is decided and delivered once", async () => {
    const pushed = await driver.push("shop", "1.2.0");
    await driver.sign(pushed);
    const event = SCHEMAS["Event Grid"](pushed);
    for (let copy = 0; copy < 3; copy++) await driver.announce(event);
    await driver.delivered("apps/shop", pushed.image.digest);
    await wait(2_000);
    const decisions = await driver.decisionsOf("apps/shop", "1.2.0");
    expect(decisions.filter(({ outcome }) => outcome === "notify")).toHaveLength(1);
    expect(driver.deliveriesOf("apps/shop", pushed.image.digest)).toHaveLength(1);
  });

  describeCounted(() => ({ stage, driver }));

  test("a version that nobody signed is rejected, and nobody is told", async () => {
    const pushed = await driver.push("worker", "1.2.0");
    await driver.announce(SCHEMAS.CloudEvents(pushed));
    const decision = await driver.finalDecision("team/worker", "1.2.0");
    expect(decision).toMatchObject({ outcome: "reject", reason: "unsigned" });
    expect(driver.deliveriesOf("team/worker", pushed.image.digest)).toEqual([]);
  });

  test("a function that is killed half way loses nothing: its message comes again", async () => {
    const pushed = await driver.push("shop", "1.3.0");
    await driver.sign(pushed);
    const reading = stage.front.holdRegistry();
    await driver.announce(SCHEMAS.CloudEvents(pushed));
    await reading;
    await evaluate.server.stop("SIGKILL");
    stage.front.releaseRegistry();
    expect(await driver.decisionsOf("apps/shop", "1.3.0")).toEqual([]);
    evaluate = await stage.apps.start("evaluate");
    await driver.delivered("apps/shop", pushed.image.digest);
    const decisions = await driver.decisionsOf("apps/shop", "1.3.0");
    expect(decisions.filter(({ outcome }) => outcome === "notify")).toHaveLength(1);
  });

  test("deliver that is not there delays a delivery, and no more", async () => {
    await driver.idle("c/apps/sluice");
    await deliver.server.stop("SIGKILL");
    const pushed = await driver.push("shop", "1.3.1");
    await driver.sign(pushed);
    await driver.announce(SCHEMAS["Event Grid"](pushed));
    expect(await driver.finalDecision("apps/shop", "1.3.1")).toMatchObject({ outcome: "notify" });
    expect(driver.deliveriesOf("apps/shop", pushed.image.digest)).toEqual([]);
    deliver = await stage.apps.start("deliver");
    await driver.delivered("apps/shop", pushed.image.digest);
  });

  test("the newest verified version is served to who shows the cluster's token", async () => {
    const inputs = await stage.apps.start("inputs");
    const ask = (token: string): Promise<Response> =>
      fetch(`${inputs.url}/clusters/c/inputs`, { headers: { authorization: `Bearer ${token}` } });
    expect((await ask(`${INPUTS_TOKEN}n`)).status).toBe(401);
    const response = await ask(INPUTS_TOKEN);
    expect([response.status, await response.json()]).toEqual([
      200,
      { inputs: [expect.objectContaining({ repository: "shop", tag: "1.3.1" })] },
    ]);
    expect((await fetch(`${inputs.url}/clusters/c/inputs`, { method: "POST" })).status).toBe(404);
  });

  test("the sweep has GitHub deliver again what did not arrive, with the hook's own token, and once", async () => {
    // The first turn was the baseline's.
    await runTimer("sweep-repositories");
    expect(stage.github.redelivered).toEqual([
      "/orgs/acme/hooks/1/deliveries/7/attempts Bearer github-t0ken",
    ]);
    expect(stage.github.answers).toEqual([202]);
  });

  test("the sweep finds what no event told of", async () => {
    const pushed = await driver.push("shop", "1.4.0");
    await driver.sign(pushed);
    await runTimer("sweep-repositories");
    await driver.delivered("apps/shop", pushed.image.digest);
    await runTimer("sweep-due");
    await runTimer("prune");
  });

  const operate = async (...args: readonly string[]): Promise<string> => {
    const bin = join(import.meta.dirname, "../../../shared/cli/bin.js");
    const all = [bin, ...args, "--config", stage.configFile, "--runtime", "azure", "--stage", "e2e"];
    const { stdout } = await execute(process.execPath, all, {
      env: { ...process.env, ...stage.operatorEnv, NODE_OPTIONS: `--import=${NAMES}` },
      timeout: 60_000,
    });
    return stdout;
  };

  const run = async (...args: readonly string[]): Promise<unknown> =>
    JSON.parse(await operate(...args, "--json"));

  test("poison ends among the dead letters with its reason", async () => {
    await sendText(stage.queues.evaluate, "no JSON at all", 0);
    await driver.announce({ specversion: "1.0", type: "Microsoft.ContainerRegistry.ImagePushed", data: 7 });
    const reasons = await until("two dead letters", async () => {
      const found: string[] = [];
      for await (const entity of stage.deadLetters.listEntities<{ json0: string }>()) {
        found.push((JSON.parse(entity.json0) as { reason: string }).reason);
      }
      return found.length === 2 ? found.sort() : undefined;
    });
    expect(reasons[0]).toMatch(/^WORK_MALFORMED: acr-eventgrid/);
    expect(reasons[1]).toBe("WORK_MALFORMED: the message is not JSON");
  });

  test("what the host itself gave up on ends there as well", async () => {
    await sendText(
      stage.queues.poison,
      JSON.stringify(SCHEMAS.CloudEvents(await driver.push("shop", "0.1.0"))),
      0,
    );
    const parked = await until("the dead letter", async () => {
      for await (const { json0 } of stage.deadLetters.listEntities<{ json0: string }>()) {
        if (json0.includes("the function failed on it each time")) return json0;
      }
      return undefined;
    });
    expect(parked).toContain("0.1.0");
  });

  test("a person sees the decisions with their own credentials", async () => {
    const decisions = JSON.parse(await operate("decisions", "list", "--json", "--limit", "100")) as readonly {
      readonly outcome: string;
      readonly tag?: string;
    }[];
    expect(decisions).toContainEqual(expect.objectContaining({ outcome: "reject", tag: "1.2.0" }));
    expect(decisions.filter(({ outcome }) => outcome === "notify").length).toBeGreaterThanOrEqual(6);
  });

  test("a person's commands work on what the cloud keeps", async () => {
    await sendText(stage.queues.evaluate, MISROUTED, 0);
    await expectCommandsToWork(run, "c/OCIRepository/apps/shop", "c/apps/sluice");
  });

  describeIntake(() => ({ stage, intake, driver }));

  test("deliver that dies once its request arrived tells the same again, and nothing older after it", async () => {
    await driver.idle("c/apps/sluice");
    await expectKilledDeliverToLoseNothing(
      {
        receiver: stage.receiver,
        object: "OCIRepository/apps/shop",
        async publish(tag) {
          const pushed = await driver.push("shop", tag);
          await driver.sign(pushed);
          await driver.announce(SCHEMAS.CloudEvents(pushed));
          expect(await driver.finalDecision("apps/shop", tag)).toMatchObject({ outcome: "notify" });
        },
        loseAnswers: (lost) => {
          stage.trouble.loseAnswers = lost;
        },
        kill: () => deliver.server.stop("SIGKILL"),
        async start(clockAheadMs) {
          deliver = await stage.apps.start("deliver", clockAheadMs);
        },
        sweepDue: () => runTimer("sweep-due"),
      },
      ["1.5.0", "1.6.0", "1.7.0"],
    );
  });

  test("a person replays, enables, explains and rolls back; a secret mended where it is wakes what it parked", async () => {
    await expectDeliveriesToBeMended(
      {
        run,
        state: stage.state,
        receiver: stage.receiver,
        object: "c/OCIRepository/apps/shop",
        receiverId: "c/apps/sluice",
        async publish(tag) {
          const pushed = await driver.push("shop", tag);
          await driver.sign(pushed);
          await driver.announce(SCHEMAS.CloudEvents(pushed));
          expect(await driver.finalDecision("apps/shop", tag)).toMatchObject({ outcome: "notify" });
          return pushed.image.digest;
        },
        referenceOf: (tag) => `${REGISTRY}/shop:${tag}`,
        removeTag: (tag) => removeTag(stage.base.host("referrers"), "shop", tag),
        answerAll: (status) => {
          stage.trouble.status = status;
        },
        setSecret: (value = RECEIVER_TOKEN) => {
          stage.secrets["flux-token"] = value;
        },
        async restartDeliver(clockAheadMs) {
          await deliver.server.stop("SIGKILL");
          deliver = await stage.apps.start("deliver", clockAheadMs);
        },
        sweepDue: () => runTimer("sweep-due"),
        sweepRepositories: () => runTimer("sweep-repositories"),
      },
      ["1.8.0", "1.9.0", "1.10.0"],
    );
  });
});
