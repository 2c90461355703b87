import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "oras-js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pushArtifact } from "../../../functions/local/playground/artifacts.ts";
import type { ReceiverDouble } from "../../../functions/local/playground/receiver.ts";
import { readBundleConfig } from "../../../functions/wiring/bundle-config.ts";
import {
  openDeliverFunction,
  openEvaluateFunction,
  openInputsFunction,
  openSweepFunction,
} from "../../../functions/wiring/functions.ts";
import { openIntake } from "../../../functions/wiring/http/open-intake.ts";
import { openOnce } from "../../../functions/wiring/open-once.ts";
import { joinDeadLetters } from "../../../functions/wiring/operator.ts";
import { createNodeSecrets } from "../../../shared/adapters/node/secrets.ts";
import type { DeadLetter } from "../../../shared/ports.ts";
import { createMemoryQueue } from "../../simulation/memory-queue.ts";
import { createMemoryState } from "../../simulation/memory-state.ts";
import { appManifests, startAppWorld } from "../../support/app-world.ts";

describe("functions over a cloud's adapters", () => {
  const cleanUps: (() => Promise<unknown>)[] = [];
  const client = createClient({ plainHttp: () => true });
  const { signal } = new AbortController();
  let nowMs = 1_700_000_000_000;
  const clock = { nowMs: () => nowMs };
  let folder = "";
  let registry = "";
  let receiver: ReceiverDouble;

  beforeEach(async () => {
    const world = await startAppWorld();
    cleanUps.push(world.close);
    ({ folder, registry, receiver } = world);
    await writeFile(
      join(folder, "sluice.yaml"),
      JSON.stringify({
        mode: "enforce",
        clusters: [
          {
            name: "c",
            manifests: { folder: "./manifests", interval: "1m" },
            receiver: { baseUrl: receiver.url, token: { env: "TOKEN" }, allowPrivateAddresses: true },
            inputs: { tokens: [{ env: "INPUTS" }] },
          },
        ],
        sources: [{ type: "zot", registry, secrets: [{ env: "SECRET" }] }],
        rules: [{ repositories: `${registry}/**`, unverified: "allow" }],
        registries: { [registry]: { plainHttp: true, allowPrivateAddresses: true } },
        limits: { body: "1KiB" },
      }),
    );
  });

  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  const openAll = async () => {
    const config = await readBundleConfig({}, folder);
    const queue = createMemoryQueue(clock);
    const cloud = (env: Record<string, string>) => ({
      clock,
      queue,
      state,
      secrets: createNodeSecrets(env),
      log: () => {},
    });
    const state = createMemoryState(clock);
    return {
      config,
      queue,
      state,
      intake: openIntake(config, { ...cloud({ SECRET: "s3cret" }), documents: state }),
      // Each with no more secrets than it needs.
      evaluate: await openEvaluateFunction(config, cloud({})),
      deliver: await openDeliverFunction(config, cloud({ TOKEN: "t0ken" })),
      sweep: await openSweepFunction(config, cloud({})),
      inputs: await openInputsFunction(config, cloud({ INPUTS: "operator" })),
    };
  };

  const push = async (tag: string): Promise<string> => {
    const artifact = await pushArtifact(client, { registry, repository: "acme/app" }, tag);
    await client.tagManifest(artifact.repository, artifact.digest, tag);
    return artifact.digest;
  };

  type All = Awaited<ReturnType<typeof openAll>>;

  /** What a platform does all day. */
  const workAllOff = async ({ queue, evaluate, deliver }: All): Promise<void> => {
    for (;;) {
      const received = await queue.receive(10, 60_000);
      if (received.length === 0) return;
      for (const one of received) {
        await (one.work.kind === "deliver" ? deliver : evaluate).run(one.work, signal);
        await queue.complete(one);
      }
    }
  };

  const event = (tag: string, digest: string) => ({
    method: "POST",
    path: "/events/zot",
    query: "",
    headers: {
      authorization: "Bearer s3cret",
      "content-type": "application/json",
      "ce-type": "zotregistry.image.updated",
      "ce-id": `${tag}-1`,
      "ce-source": registry,
      "ce-specversion": "1.0",
    },
    body: Buffer.from(
      JSON.stringify({
        name: "acme/app",
        reference: tag,
        digest,
        mediaType: "application/vnd.oci.image.manifest.v1+json",
      }),
    ),
  });

  test("an event goes from the intake through evaluate and deliver to the receiver", async () => {
    const all = await openAll();
    await push("1.0.0");
    await all.sweep.repositories();
    nowMs += 120_000;
    await workAllOff(all);
    expect(receiver.requests).toEqual([]);
    const digest = await push("1.1.0");
    expect((await all.intake(event("1.1.0", digest))).status).toBe(202);
    await workAllOff(all);
    expect(receiver.requests).toHaveLength(1);
    const row = await all.state.load("c/OCIRepository/apps/app");
    expect(row.delivered).toMatchObject({ tag: "1.1.0", digest });
  });

  test("the intake stores what an authentic sender says, and answers 413 above the limit", async () => {
    const all = await openAll();
    const answer = await all.intake(event("1.0.0", `sha256:${"a".repeat(64)}`));
    expect([answer.status, all.queue.size()]).toEqual([202, 1]);
    const large = await all.intake({ ...event("1.0.0", "x"), body: new Uint8Array(1_025) });
    expect([large.status, all.queue.size()]).toEqual([413, 1]);
  });

  test("a cluster's inputs are answered to who shows its token", async () => {
    const { inputs } = await openAll();
    const get = (path: string, token: string) =>
      inputs({
        method: "GET",
        path,
        query: "",
        headers: { authorization: `Bearer ${token}` },
        body: new Uint8Array(),
      });
    expect((await get("/clusters/c/inputs", "other")).status).toBe(401);
    // `unverified: allow` lets versions be poked for; served is only what is signed.
    expect(await get("/clusters/c/inputs", "operator")).toMatchObject({ status: 200, body: '{"inputs":[]}' });
    expect((await get("/clusters/d/inputs", "operator")).status).toBe(404);
  });

  test("each function refuses the other's work", async () => {
    const all = await openAll();
    await expect(all.evaluate.run({ kind: "deliver", receiver: "r" }, signal)).rejects.toMatchObject({
      code: "WORK_MALFORMED",
    });
    await expect(all.deliver.run({ kind: "evaluate", subscription: "s" }, signal)).rejects.toMatchObject({
      code: "WORK_MALFORMED",
    });
  });

  test("a changed catalog is read once it is old enough", async () => {
    const all = await openAll();
    await push("1.0.0");
    await push("2.0.0");
    const sweep = { kind: "sweep", repository: { registry, repository: "acme/app" } } as const;
    await writeFile(join(folder, "manifests", "app.yaml"), appManifests(registry).replace("1.x", "2.x"));
    await all.evaluate.run(sweep, signal);
    expect((await all.state.load("c/OCIRepository/apps/app")).selection?.tag).toBe("1.0.0");
    nowMs += 60_000;
    await all.evaluate.run(sweep, signal);
    expect((await all.state.load("c/OCIRepository/apps/app")).selection?.tag).toBe("2.0.0");
  });

  test("what is due and whose hint was lost is asked for again", async () => {
    const all = await openAll();
    await push("1.0.0");
    await all.evaluate.run({ kind: "sweep", repository: { registry, repository: "acme/app" } }, signal);
    await push("1.1.0");
    await all.evaluate.run({ kind: "sweep", repository: { registry, repository: "acme/app" } }, signal);
    for (const hint of await all.queue.receive(10, 60_000)) await all.queue.complete(hint);
    await all.sweep.due();
    expect((await all.queue.receive(10, 60_000)).map(({ work }) => work)).toEqual([
      { kind: "deliver", receiver: "c/apps/sluice", again: true },
    ]);
  });

  test("SLUICE_CONFIG names another configuration", async () => {
    const other = join(folder, "other.yaml");
    await writeFile(
      other,
      JSON.stringify({ mode: "observe", clusters: [{ name: "d", manifests: { folder: "./manifests" } }] }),
    );
    const config = await readBundleConfig({ SLUICE_CONFIG: other }, "/nowhere");
    expect(config.clusters.map(({ name }) => name)).toEqual(["d"]);
  });
});

describe("opening once", () => {
  test("shares what is opened, and tries again after a failure", async () => {
    let opened = 0;
    const open = openOnce(async () => {
      opened += 1;
      if (opened === 1) throw new Error("not yet");
      return opened;
    });
    await expect(open()).rejects.toThrow("not yet");
    expect(await Promise.all([open(), open()])).toEqual([2, 2]);
  });
});

describe("several queues' dead letters", () => {
  const part = (...letters: readonly DeadLetter[]) => ({
    list: async (limit: number) => letters.slice(0, limit),
    replay: async (ids: readonly string[]) => letters.filter(({ id }) => ids.includes(id)).length,
  });
  const letter = (id: string, atMs: number): DeadLetter => ({ id, atMs, reason: "r" });

  test("are one list, oldest first, and each takes back its own", async () => {
    const joined = joinDeadLetters([
      part(letter("b", 2), letter("d", 4)),
      part(letter("a", 1), letter("c", 3)),
    ]);
    expect((await joined.list(3)).map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect(await joined.replay(["a", "d", "x"])).toBe(2);
  });
});
