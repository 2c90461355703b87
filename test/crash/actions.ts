import { setTimeout as wait } from "node:timers/promises";
import { pushArtifact, signArtifact } from "../../functions/local/playground/artifacts.ts";
import { openDatabase } from "../../shared/adapters/node/sqlite/database.ts";
import { createSqliteStateStore } from "../../shared/adapters/node/sqlite/state-store.ts";
import type { StoredRecord } from "../../shared/state.ts";
import { type CrashWorld, SECRET } from "./world.ts";

/** Work that was cut off many times and then fails once comes back after up to five minutes, by design. */
const END_TIMEOUT_MS = 420_000;

export interface Pushed {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  readonly signed: boolean;
}

/** Puts one version into the registry; its content is its place in the run. */
export const push = async (
  world: CrashWorld,
  { repository, tag, signed }: Omit<Pushed, "digest">,
  index: number,
): Promise<Pushed> => {
  const artifact = await pushArtifact(world.client, world.repositoryOf(repository), `artifact ${index}`);
  if (signed) {
    await signArtifact(world.client, world.sigstore, artifact, {
      repository: "acme/app",
      ref: "refs/tags/v1",
    });
  }
  await world.client.tagManifest(artifact.repository, artifact.digest, tag);
  return { repository, tag, digest: artifact.digest, signed };
};

/** As a registry does: tries until it gets a 2xx. */
export const announce = async (
  world: CrashWorld,
  { repository, tag, digest }: Pushed,
  isOver: () => boolean,
): Promise<boolean> => {
  const body = JSON.stringify({
    events: [
      {
        id: `${repository}:${tag}@${digest}`,
        action: "push",
        target: { mediaType: "application/vnd.oci.image.manifest.v1+json", digest, repository, tag },
        request: { host: world.registry },
      },
    ],
  });
  while (!isOver()) {
    try {
      const response = await fetch(`${world.url}/events/distribution`, {
        method: "POST",
        headers: {
          "content-type": "application/vnd.docker.distribution.events.v2+json",
          authorization: `Bearer ${SECRET}`,
        },
        body,
        signal: AbortSignal.timeout(2_000),
      });
      await response.body?.cancel();
      if (response.ok) return true;
    } catch {
      // Killed, or not up yet.
    }
    await wait(20);
  }
  return false;
};

/** All that the stopped process wrote down. */
export const readRecords = async (world: CrashWorld): Promise<readonly StoredRecord[]> => {
  const database = openDatabase(world.databasePath);
  const records = await createSqliteStateStore(database, { nowMs: Date.now }).records({ limit: 1_000_000 });
  await database.close();
  return records;
};

/** Waits until nothing is left to do. */
export const awaitQuiet = async (world: CrashWorld): Promise<void> => {
  const deadlineMs = Date.now() + END_TIMEOUT_MS;
  for (let quiet = 0; quiet < 8; ) {
    if (Date.now() > deadlineMs) throw new Error("work did not come to an end");
    await wait(250);
    const health = await fetch(`${world.url}/healthz`).then(
      (response) => response.json(),
      () => undefined,
    );
    quiet =
      typeof health === "object" && health !== null && "waiting" in health && health.waiting === 0
        ? quiet + 1
        : 0;
  }
};
