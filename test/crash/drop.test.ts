import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { pushArtifact, signArtifact } from "../../functions/local/playground/artifacts.ts";
import { openDatabase } from "../../shared/adapters/node/sqlite/database.ts";
import { createSqliteStateStore } from "../../shared/adapters/node/sqlite/state-store.ts";
import { compileSelector } from "../../shared/policy/select.ts";
import { awaitQuiet, type Pushed, readRecords } from "./actions.ts";
import { startCourier } from "./courier.ts";
import { type CrashObject, type CrashWorld, createCrashWorld, SECRET } from "./world.ts";

const PUSHES = 1_000;
const KILLS = 10;
const WRITERS = 4;
const LONGEST_LATE_MS = 8_000;
const FAULTS = 0.05;

const REPOSITORIES = ["acme/one", "acme/two", "acme/three", "acme/four"] as const;
const RANGES = [">=0.0.0", "<1.0.0", "~1.3.0"] as const;

const OBJECTS: readonly CrashObject[] = REPOSITORIES.flatMap((repository, place) =>
  RANGES.map((range, index) => ({
    name: `app-${place}-${index}`,
    repository,
    range,
    receiver: `r-${place}`,
  })),
);

/** Rising on the whole, with every seventh a backport. */
const toTag = (index: number): string => {
  const patch = Math.floor(index / REPOSITORIES.length);
  return index % 7 === 3 ? `0.${patch}.0` : `1.${Math.floor(patch / 50)}.${patch}`;
};

/** The registry's faults hit whoever writes to it as well. */
const insist = async <T>(work: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === 20) throw error;
      await wait(50);
    }
  }
};

const SIGNER = { repository: "acme/app", ref: "refs/tags/v1" };

/** Signed before it is tagged, late, or never; the last ones of two repositories never. */
const publish = async (world: CrashWorld, index: number, late: Promise<void>[]): Promise<Pushed> => {
  const repository = REPOSITORIES[index % REPOSITORIES.length] ?? "acme/one";
  const tag = toTag(index);
  const isLast = index >= PUSHES - 40;
  const signing = isLast
    ? index % 2 === 0
      ? "at-once"
      : "never"
    : (["at-once", "late", "never"] as const)[index % 5 < 2 ? 0 : index % 5 < 4 ? 1 : 2];
  const name = world.repositoryOf(repository);
  const artifact = await insist(() => pushArtifact(world.client, name, `artifact ${index}`));
  const sign = () => insist(() => signArtifact(world.client, world.sigstore, artifact, SIGNER));
  if (signing === "at-once") await sign();
  await insist(() => world.client.tagManifest(name, artifact.digest, tag));
  if (signing === "late") late.push(wait(Math.random() * LONGEST_LATE_MS).then(sign));
  return { repository, tag, digest: artifact.digest, signed: signing !== "never" };
};

const stop = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
};

test(`${PUSHES} pushes with events dropped, doubled and shuffled, and ${KILLS} kills: one sweep makes up for it`, {
  timeout: 1_200_000,
}, async () => {
  const courier = await startCourier();
  let faults = FAULTS;
  const world = await createCrashWorld({
    objects: OBJECTS,
    evidenceDeadline: "1m",
    registry: {
      notifications: { endpoints: [{ url: courier.url }] },
      faults({ method }) {
        if (method === "PUT" || method === "POST" || Math.random() >= faults) return undefined;
        return Math.random() < 0.5
          ? { reply: { status: 429, headers: { "retry-after": "1" } } }
          : { reply: { status: 500 } };
      },
    },
  });
  courier.deliverTo(`${world.url}/events/distribution`, {
    "content-type": "application/vnd.docker.distribution.events.v2+json",
    authorization: `Bearer ${SECRET}`,
  });
  let child = world.start();
  try {
    const late: Promise<void>[] = [];
    const pushed: Pushed[] = [];
    let next = 0;
    const write = async (): Promise<void> => {
      for (let index = next++; index < PUSHES; index = next++) pushed.push(await publish(world, index, late));
    };
    let writing = true;
    const killing = (async () => {
      for (let kill = 0; kill < KILLS && writing; kill++) {
        await wait(500 + Math.random() * 2_500);
        await stop(child, "SIGKILL");
        child = world.start();
      }
    })();
    await Promise.all(Array.from({ length: WRITERS }, write));
    writing = false;
    await Promise.all([killing, ...late]);
    await courier.idle();
    await awaitQuiet(world);
    faults = 0;
    // A start sweeps.
    await stop(child, "SIGTERM");
    child = world.start();
    await awaitQuiet(world);
    await stop(child, "SIGTERM");

    const { taken, dropped, doubled } = courier.counts;
    expect(dropped / taken).toBeGreaterThan(0.05);
    const records = await readRecords(world);
    const database = openDatabase(world.databasePath);
    const state = createSqliteStateStore(database, { nowMs: Date.now });
    for (const { name, repository, range } of OBJECTS) {
      const id = `c/OCIRepository/apps/${name}`;
      const digests = new Map(
        pushed.filter((one) => one.repository === repository).map((one) => [one.tag, one]),
      );
      const pick = compileSelector({ kind: "semver", range, dialect: "flux" }).pick(digests.keys());
      const picked = pick.kind === "picked" ? digests.get(pick.tag) : undefined;
      const { selection } = await state.load(id);
      expect(selection?.digest, `${name} selects what Flux would`).toBe(picked?.digest);

      const told = world.receiver.accepted
        .flatMap(({ body }) => {
          const { changes } = JSON.parse(Buffer.from(body).toString()) as {
            changes: { object: string; digest: string; decision: string }[];
          };
          return changes;
        })
        .filter(({ object }) => object === `OCIRepository/apps/${name}`);
      const signed = new Set(pushed.filter((one) => one.signed).map((one) => one.digest));
      expect(
        told.filter(({ digest }) => !signed.has(digest)),
        `${name}: unverified`,
      ).toEqual([]);
      if (picked?.signed === true && selection?.status !== "baseline") {
        expect(told.at(-1)?.digest, `${name} was told of the newest`).toBe(picked.digest);
      }
      if (picked?.signed === false) expect(selection?.status, `${name} waits for nobody`).toBe("rejected");

      const notified = records.flatMap((record) =>
        record.kind === "decision" && record.subscription === id && record.outcome === "notify"
          ? [record]
          : [],
      );
      const versions = notified.map(({ tag, digest }) => `${tag}@${digest}`);
      expect(versions, `${name}: each decision once`).toEqual([...new Set(versions)]);
      const order = new Map(notified.map(({ decisionId, sequence }) => [decisionId, sequence]));
      const sequences = told.map(({ decision }) => order.get(decision) ?? -1);
      expect(sequences, `${name}: older after newer`).toEqual(sequences.toSorted((a, b) => a - b));
    }
    await database.close();
    console.log(
      `${taken} events, ${dropped} dropped, ${doubled} doubled; ${world.receiver.accepted.length} requests`,
    );
  } finally {
    child.kill("SIGKILL");
    await courier.close();
    await world.close();
  }
});
