import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AttemptRecord } from "../../shared/state.ts";
import { isIsolated } from "./namespace.ts";
import { noteSeen } from "./seen.ts";
import type { PushedImage } from "./world/images.ts";
import { type Loop, OIDC_NAMESPACE, startLoop } from "./world/loop.ts";

const APP = [OIDC_NAMESPACE, "app"] as const;
const OTHER = [OIDC_NAMESPACE, "other"] as const;
const ELEVEN_MINUTES_MS = 11 * 60_000;
const HOUR_S = 3_600;
/** Long enough for one delivery. */
const SHORT_LIFE_S = 15;

const nowS = (): number => Math.floor(Date.now() / 1_000);

describe.skipIf(!isIsolated())("identity tokens in files, shown to a real notification-controller", () => {
  let loop: Loop;
  let identity: NonNullable<Loop["identity"]>;
  let minor = 0;
  let turns = 0;
  beforeAll(async () => {
    loop = await startLoop(
      [
        { namespace: OIDC_NAMESPACE, name: "app", repository: "acme/app", semver: ">=1.0.0" },
        { namespace: OIDC_NAMESPACE, name: "other", repository: "acme/other", semver: ">=1.0.0" },
      ],
      { identity: "tokens", sweepInterval: "10s" },
    );
    if (loop.identity === undefined) throw new Error("no tokens in this loop");
    identity = loop.identity;
  });
  afterAll(() => loop?.stage.world.close());

  const pushNext = async (): Promise<{ tag: string; image: PushedImage }> => {
    minor += 1;
    const tag = `1.${minor}.0`;
    return { tag, image: await loop.push("acme/app", tag) };
  };

  const attemptsFor = (
    { digest }: PushedImage,
    isEnough: (attempts: readonly AttemptRecord[]) => boolean,
  ): Promise<readonly AttemptRecord[]> =>
    loop.until("the attempts", async () => {
      const records = await loop.records(...APP);
      const decisions = new Set(
        records.flatMap((one) => (one.kind === "decision" && one.digest === digest ? [one.decisionId] : [])),
      );
      const attempts = (await loop.attempts(...APP)).filter((one) => decisions.has(one.decisionId));
      return isEnough(attempts) ? attempts : undefined;
    });

  const isAccepted = (attempts: readonly AttemptRecord[]): boolean => attempts.at(-1)?.outcome === "accepted";

  /** As kubelet does it: a new folder, and a link to it that is replaced at once. */
  const replaceToken = async (token: string): Promise<void> => {
    const folder = dirname(identity.file);
    turns += 1;
    const turn = join(folder, `..turn-${turns}`);
    await mkdir(turn);
    await writeFile(join(turn, "token"), token);
    await symlink(turn, join(folder, "..next"));
    await rename(join(folder, "..next"), join(folder, "..data"));
    if (turns > 1) return;
    await rm(identity.file);
    await symlink(join("..data", "token"), identity.file);
  };

  test("the right one is taken, and only the matching object annotated", async () => {
    const { tag, image } = await pushNext();
    await loop.awaitRevision(...APP, tag, image);
    const attempts = await attemptsFor(image, isAccepted);
    expect(attempts.map(({ outcome, status }) => ({ outcome, status }))).toEqual([
      { outcome: "accepted", status: 200 },
    ]);
    expect(await loop.pokedAt(...APP)).toBeDefined();
    expect(await loop.pokedAt(...OTHER)).toBeUndefined();
  });

  test("one that is replaced is used without a restart", async () => {
    const expiresS = nowS() + SHORT_LIFE_S;
    await replaceToken(identity.mint({ exp: expiresS }));
    const before = await pushNext();
    await loop.awaitRevision(...APP, before.tag, before.image);
    expect(nowS()).toBeLessThan(expiresS);
    await replaceToken(identity.mint());
    // From now on the controller would refuse the older one.
    while (nowS() <= expiresS) await sleep(200);
    const after = await pushNext();
    await loop.awaitRevision(...APP, after.tag, after.image);
    expect(await attemptsFor(after.image, isAccepted)).toHaveLength(1);
  });

  test.each([
    ["for another audience", { aud: "sluice-d" }],
    ["of another issuer", { iss: "http://127.0.0.1:1" }],
    ["of somebody else", { sub: "somebody" }],
    ["that has expired", { iat: nowS() - 2 * HOUR_S, nbf: nowS() - 2 * HOUR_S, exp: nowS() - HOUR_S }],
  ])("one %s is refused, retried, and mended in its place", async (what, claims) => {
    const pokedBefore = await loop.pokedAt(...APP);
    await replaceToken(identity.mint(claims));
    const { tag, image } = await pushNext();
    await attemptsFor(image, (attempts) => attempts.length >= 2);
    expect(await loop.pokedAt(...APP)).toBe(pokedBefore);
    await replaceToken(identity.mint());
    await loop.awaitRevision(...APP, tag, image);
    const attempts = await attemptsFor(image, isAccepted);
    const refused = attempts.slice(0, -1).map(({ outcome, status, next }) => `${outcome}/${status}/${next}`);
    expect(new Set(refused)).toEqual(new Set(["bad-request/400/retry"]));
    expect(new Set(attempts.map(({ deliveryId }) => deliveryId)).size).toBe(1);
    noteSeen("identity token", { what, attempts: attempts.length });
  });

  test("one that stays wrong for ten minutes parks the delivery, which goes out once it is mended", async () => {
    await replaceToken(identity.mint({ aud: "sluice-d" }));
    const { tag, image } = await pushNext();
    await attemptsFor(image, (attempts) => attempts.length >= 2);
    loop.skip(ELEVEN_MINUTES_MS);
    const parked = await attemptsFor(image, (all) => all.at(-1)?.next === "parked");
    expect(parked.at(-1)).toMatchObject({ outcome: "bad-request", status: 400 });

    // A token that is merely replaced says the same to the same: no reason to try again.
    const looks = loop.events.filter(({ event }) => event === "delivery-rearmed").length;
    await replaceToken(identity.mint({ aud: "sluice-d" }));
    await sleep(25_000);
    expect(loop.events.filter(({ event }) => event === "delivery-rearmed")).toHaveLength(looks);

    await replaceToken(identity.mint());
    await loop.awaitRevision(...APP, tag, image);
    const attempts = await attemptsFor(image, isAccepted);
    expect(attempts).toHaveLength(parked.length + 1);
    expect(await loop.pokedAt(...OTHER)).toBeUndefined();
    expect(loop.events.some(({ event }) => event === "delivery-rearmed")).toBe(true);
  });
});
