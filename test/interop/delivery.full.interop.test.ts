import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isIsolated } from "./namespace.ts";
import { noteSeen } from "./seen.ts";
import { HMAC_NAMESPACE, type Loop, OIDC_NAMESPACE, startLoop } from "./world/loop.ts";

const APP: readonly [string, string] = [HMAC_NAMESPACE, "app"];
const TENANT: readonly [string, string] = [OIDC_NAMESPACE, "app"];

/** All under the Receivers that were printed, which reach every OCIRepository of their namespace. */
const NEIGHBOURS = [
  { namespace: HMAC_NAMESPACE, name: "other", repository: "acme/other", semver: ">=1.0.0" },
  { namespace: HMAC_NAMESPACE, name: "older", repository: "acme/app", semver: "~1.0.0" },
  {
    namespace: HMAC_NAMESPACE,
    name: "stranger",
    repository: "acme/app",
    semver: ">=1.0.0",
    signedBy: "somebody else",
  },
  { namespace: OIDC_NAMESPACE, name: "other", repository: "acme/other", semver: ">=1.0.0" },
] as const;

describe.skipIf(!isIsolated())("a push, through Sluice, to real Flux controllers and back", () => {
  let loop: Loop;
  beforeAll(async () => {
    loop = await startLoop([
      { namespace: HMAC_NAMESPACE, name: "app", repository: "acme/app", semver: ">=1.0.0 <2.0.0" },
      { namespace: OIDC_NAMESPACE, name: "app", repository: "acme/app", semver: ">=1.0.0 <2.0.0" },
      ...NEIGHBOURS,
    ]);
  });
  afterAll(() => loop?.stage.world.close());

  const neighbourPokes = () =>
    Promise.all(NEIGHBOURS.map(({ namespace, name }) => loop.pokedAt(namespace, name)));

  test("reconciles exactly the objects that select it, not their neighbours under the same Receiver", async () => {
    const image = await loop.push("acme/app", "1.4.0");
    for (const [namespace, name] of [APP, TENANT]) {
      await loop.awaitRevision(namespace, name, "1.4.0", image);
      expect(await loop.pokedAt(namespace, name)).toBeDefined();
    }
    expect(await neighbourPokes()).toEqual(NEIGHBOURS.map(() => undefined));
    const seen = await Promise.all([loop.attempts(...APP), loop.attempts(...TENANT)]);
    expect(seen.flat().map(({ outcome, status }) => ({ outcome, status }))).toEqual([
      { outcome: "accepted", status: 200 },
      { outcome: "accepted", status: 200 },
    ]);
  });

  test.each([
    { by: "an HMAC", object: APP },
    { by: "Sluice's own identity token", object: TENANT },
  ] as const)(
    "source-controller's own event closes the decision that was delivered by $by",
    async ({ object }) => {
      const confirmation = await loop.until("the cluster's event", async () =>
        (await loop.records(...object)).find((record) => record.kind === "confirmation"),
      );
      const [decision] = (await loop.records(...object)).filter(
        (record) => record.kind === "decision" && record.outcome === "notify",
      );
      expect(confirmation).toMatchObject({
        decisionId: decision?.decisionId,
        outcome: "applied",
        reason: "NewArtifact",
        tag: "1.4.0",
      });
      if (confirmation.kind !== "confirmation") throw new Error("not a confirmation");
      expect(confirmation.sincePushMs).toBeGreaterThan(0);
      const { outbox } = await loop.runtime.state.load(confirmation.subscription);
      expect(Object.values(outbox)).toMatchObject([{ state: "accepted", confirmed: { outcome: "applied" } }]);
      // It is not poked once more: it said that it has it.
      expect(Object.values(outbox)[0]?.confirmByMs).toBeUndefined();
      noteSeen("push to applied", { object: object.join("/"), sincePushMs: confirmation.sincePushMs });
    },
  );

  test("what nobody signed reaches no cluster", async () => {
    const before = await Promise.all([loop.pokedAt(...APP), loop.pokedAt(...TENANT)]);
    await loop.push("acme/app", "1.5.0", false);
    for (const object of [APP, TENANT]) {
      await loop.until("a refusal", async () =>
        (await loop.records(...object)).find(
          (record) => record.kind === "decision" && record.tag === "1.5.0" && record.outcome === "reject",
        ),
      );
    }
    expect(await Promise.all([loop.pokedAt(...APP), loop.pokedAt(...TENANT)])).toEqual(before);
    expect(await neighbourPokes()).toEqual(NEIGHBOURS.map(() => undefined));
  });

  test("what was printed reaches every object, says `sluice receivers check`", async () => {
    const { code, stdout } = await loop.stage.sluice.run(["receivers", "check", "--config", loop.configFile]);
    expect(stdout).toBe("every object is reached, and nothing else\n");
    expect(code).toBe(0);
  });

  test("a repository's push pokes its own objects in every namespace that has them", async () => {
    const before = await Promise.all([loop.pokedAt(...APP), loop.pokedAt(...TENANT)]);
    const image = await loop.push("acme/other", "1.1.0");
    for (const namespace of [HMAC_NAMESPACE, OIDC_NAMESPACE])
      await loop.awaitRevision(namespace, "other", "1.1.0", image);
    expect(await Promise.all([loop.pokedAt(...APP), loop.pokedAt(...TENANT)])).toEqual(before);
  });
});
