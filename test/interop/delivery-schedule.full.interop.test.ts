import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AttemptRecord } from "../../shared/state.ts";
import { isIsolated } from "./namespace.ts";
import { noteSeen } from "./seen.ts";
import type { PushedImage } from "./world/images.ts";
import { HMAC_NAMESPACE, type Loop, startLoop } from "./world/loop.ts";
import { CLUSTER } from "./world/loop-config.ts";

const APP = [HMAC_NAMESPACE, "app"] as const;
const OTHER = [HMAC_NAMESPACE, "other"] as const;
const FROZEN_MS = 12_000;
const ELEVEN_MINUTES_MS = 11 * 60_000;

describe.skipIf(!isIsolated())("deliveries to a real notification-controller in trouble", () => {
  let loop: Loop;
  let minor = 0;
  beforeAll(async () => {
    loop = await startLoop([
      { namespace: HMAC_NAMESPACE, name: "app", repository: "acme/app", semver: ">=1.0.0" },
      { namespace: HMAC_NAMESPACE, name: "other", repository: "acme/other", semver: ">=1.0.0" },
    ]);
  });
  afterAll(() => loop?.stage.world.close());

  const pushNext = async (repository = "acme/app"): Promise<{ tag: string; image: PushedImage }> => {
    minor += 1;
    const tag = `1.${minor}.0`;
    return { tag, image: await loop.push(repository, tag) };
  };

  /** The attempts for one version, once `isEnough` says so. */
  const attemptsFor = (
    { digest }: PushedImage,
    isEnough: (attempts: readonly AttemptRecord[]) => boolean,
    object: readonly [string, string] = APP,
  ) =>
    loop.until("the attempts", async () => {
      const records = await loop.records(...object);
      const decisions = new Set(
        records.flatMap((one) => (one.kind === "decision" && one.digest === digest ? [one.decisionId] : [])),
      );
      const attempts = (await loop.attempts(...object)).filter((one) => decisions.has(one.decisionId));
      return isEnough(attempts) ? attempts : undefined;
    });

  const isAccepted = (attempts: readonly AttemptRecord[]): boolean => attempts.at(-1)?.outcome === "accepted";

  const expectRetriedUntilAccepted = (attempts: readonly AttemptRecord[], outcome: string): void => {
    const failed = attempts.slice(0, -1);
    expect(failed.length).toBeGreaterThan(0);
    expect(new Set(failed.map((one) => `${one.outcome}/${one.next}`))).toEqual(new Set([`${outcome}/retry`]));
    // One idempotency id from the first attempt to the last.
    expect(new Set(attempts.map(({ deliveryId }) => deliveryId)).size).toBe(1);
    noteSeen("delivery schedule", { outcome, attempts: attempts.length });
  };

  test("a wrong secret is retried, and accepted once it is right", async () => {
    await loop.setToken("current", "wrong");
    const { tag, image } = await pushNext();
    await attemptsFor(image, (attempts) => attempts.length >= 2);
    await loop.setToken("current", loop.token);
    await loop.awaitRevision(...APP, tag, image);
    // The token is part of the path: a wrong one leads to no Receiver at all.
    expectRetriedUntilAccepted(await attemptsFor(image, isAccepted), "not-found");
  });

  test("a suspended Receiver is retried, and accepted once it is resumed", async () => {
    const suspend = (value: boolean) =>
      loop.cluster.kubectl([
        "patch",
        "receiver",
        "sluice",
        `--namespace=${HMAC_NAMESPACE}`,
        "--type=merge",
        `--patch=${JSON.stringify({ spec: { suspend: value } })}`,
      ]);
    await suspend(true);
    const { tag, image } = await pushNext();
    await attemptsFor(image, (attempts) => attempts.length >= 2);
    await suspend(false);
    await loop.awaitRevision(...APP, tag, image);
    expectRetriedUntilAccepted(await attemptsFor(image, isAccepted), "unavailable");
  });

  test("a controller that is restarted is waited for", async () => {
    const { notification } = loop.cluster;
    await notification.server.stop();
    const { tag, image } = await pushNext();
    await attemptsFor(image, (attempts) => attempts.length >= 1);
    await notification.restart();
    await loop.awaitRevision(...APP, tag, image);
    expectRetriedUntilAccepted(await attemptsFor(image, isAccepted), "unreachable");
  });

  test("a rotation is bridged by the older token, on either side's turn", async () => {
    const next = "the-next-token";
    await loop.setToken("previous", loop.token);
    await loop.setToken("current", next);
    const before = await pushNext();
    await loop.awaitRevision(...APP, before.tag, before.image);
    expect(await attemptsFor(before.image, isAccepted)).toHaveLength(1);
    expect(loop.events.filter(({ event }) => event === "rotation-unfinished")).toHaveLength(1);

    await loop.setClusterToken(next);
    await loop.cluster.waitFor(
      "receiver",
      HMAC_NAMESPACE,
      "sluice",
      (receiver) => loop.cluster.conditionOf(receiver, "Ready")?.status === "True",
    );
    const after = await pushNext();
    await loop.awaitRevision(...APP, after.tag, after.image);
    expect(isAccepted(await attemptsFor(after.image, isAccepted))).toBe(true);
    const unfinished = loop.events.filter(({ event }) => event === "rotation-unfinished");
    noteSeen("rotation", { unfinished: unfinished.length });
    await loop.setClusterToken(loop.token);
    await loop.setToken("current", loop.token);
  });

  test("a slow answer is waited for, and nothing else is sent for that object meanwhile", async () => {
    const { apiServer } = loop.cluster;
    // The token that was just changed back is known before the API server stops answering.
    const settled = await pushNext();
    await loop.awaitRevision(...APP, settled.tag, settled.image);
    await attemptsFor(settled.image, isAccepted);
    const attemptsBefore = (await loop.attempts(...APP)).length;
    process.kill(apiServer.pid, "SIGSTOP");
    const [first, second, other] = await (async () => {
      try {
        const handledBefore = handledRequests();
        const earlier = await pushNext();
        // Not its decision alone: what has not left is superseded by the next one.
        await loop.until("the first request", async () =>
          handledRequests() > handledBefore ? true : undefined,
        );
        expect(await selected()).toBe(earlier.tag);
        const later = await pushNext();
        await loop.until("the second decision", async () =>
          (await selected()) === later.tag ? true : undefined,
        );
        const neighbour = await pushNext("acme/other");
        await sleep(FROZEN_MS);
        // Nothing was hung up and tried again.
        expect((await loop.attempts(...APP)).slice(attemptsBefore)).toEqual([]);
        return [earlier, later, neighbour];
      } finally {
        process.kill(apiServer.pid, "SIGCONT");
      }
    })();
    if (first === undefined || second === undefined || other === undefined) throw new Error("nothing pushed");
    await loop.awaitRevision(...APP, second.tag, second.image);
    await loop.awaitRevision(...OTHER, other.tag, other.image);
    const attempts = [
      ...(await attemptsFor(first.image, isAccepted)),
      ...(await attemptsFor(second.image, isAccepted)),
    ];
    expect(attempts.map(({ outcome }) => outcome)).toEqual(["accepted", "accepted"]);
    const [slow, next] = attempts;
    if (slow === undefined || next === undefined) throw new Error("not two attempts");
    expect(slow.durationMs).toBeGreaterThanOrEqual(FROZEN_MS);
    // The newer decision left when the older one's answer was there, not before.
    expect(next.atMs - next.durationMs).toBeGreaterThanOrEqual(slow.atMs - 1);
    const [beside] = await attemptsFor(other.image, isAccepted, OTHER);
    noteSeen("slow answer", {
      waitedMs: slow.durationMs,
      thenMs: next.durationMs,
      besideMs: beside?.durationMs,
    });
  });

  const handledRequests = (): number =>
    loop.cluster.notification.server.log().split("handling request").length;
  const selected = async (): Promise<string | undefined> =>
    (await loop.runtime.state.load(`${CLUSTER}/OCIRepository/${APP.join("/")}`)).selection?.tag;

  test("a secret that stays wrong for ten minutes parks the delivery; the next version goes out", async () => {
    await loop.setToken("current", "wrong");
    await loop.setToken("previous", "wrong-as-well");
    const { image } = await pushNext();
    await attemptsFor(image, (attempts) => attempts.length >= 2);
    loop.skip(ELEVEN_MINUTES_MS);
    const attempts = await attemptsFor(image, (all) => all.at(-1)?.next === "parked");
    expect(attempts.at(-1)).toMatchObject({ outcome: "not-found", status: 404 });
    expect(loop.events.some(({ event }) => event === "delivery-parked")).toBe(true);

    await loop.setToken("current", loop.token);
    const next = await pushNext();
    await loop.awaitRevision(...APP, next.tag, next.image);
    expect(await attemptsFor(next.image, isAccepted)).toHaveLength(1);
  });
});
