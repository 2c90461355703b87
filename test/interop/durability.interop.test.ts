import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CrashWorld, createCrashWorld, SECRET } from "../crash/world.ts";
import { peerBinary } from "./install/cache.ts";
import { isIsolated } from "./namespace.ts";
import { noteSeen } from "./seen.ts";

const BIN = join(import.meta.dirname, "../../shared/cli/bin.js");
const PUSHES = 20;
const LIBRARIES = { x64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" } as const;

const libraryFolder = (): string => {
  const folder = LIBRARIES[process.arch as keyof typeof LIBRARIES] ?? "";
  return join(peerBinary("libunwind", "."), "../lib", folder);
};

/** One system call that matters, in the order in which the kernel saw its end. */
type Call = "sync" | "answered" | "other";

const toCall = (line: string): Call => {
  if (/f(?:data)?sync\(/.test(line) || /<\.\.\. f(?:data)?sync resumed>/.test(line)) {
    return / = 0/.test(line) ? "sync" : "other";
  }
  return /HTTP\/1\.1 202/.test(line) ? "answered" : "other";
};

describe.skipIf(!isIsolated())("a 2xx means that the push is on disk", () => {
  let world: CrashWorld;
  beforeAll(async () => {
    world = await createCrashWorld();
  });
  afterAll(() => world?.close());

  const event = (index: number): string =>
    JSON.stringify({
      events: [
        {
          id: `durable-${index}`,
          action: "push",
          target: {
            mediaType: "application/vnd.oci.image.manifest.v1+json",
            digest: `sha256:${index.toString(16).padStart(64, "0")}`,
            repository: "acme/nobody-selects-this",
            tag: `1.0.${index}`,
          },
          request: { host: world.registry },
        },
      ],
    });

  const post = (index: number): Promise<Response> =>
    fetch(`${world.url}/events/distribution`, {
      method: "POST",
      headers: { authorization: `Bearer ${SECRET}`, "content-type": "application/json" },
      body: event(index),
      signal: AbortSignal.timeout(30_000),
    });

  const awaitUp = async (): Promise<void> => {
    for (let tries = 0; tries < 300; tries++) {
      const up = await fetch(`${world.url}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (up) return;
      await wait(100);
    }
    throw new Error("sluice under strace did not come up");
  };

  test("strace sees a sync end between two answers, each time", async () => {
    const traceFile = join(world.folder, "trace");
    const sluice = [process.execPath, BIN, "serve", "--config", join(world.folder, "sluice.yaml")];
    const args = [
      "-f",
      "-s",
      "64",
      "-e",
      "trace=fsync,fdatasync,write,writev,sendto,sendmsg",
      "-o",
      traceFile,
      ...sluice,
    ];
    const child = spawn(peerBinary("strace"), args, {
      env: { ...process.env, LD_LIBRARY_PATH: libraryFolder(), SECRET, TOKEN: "receiver-t0ken" },
      stdio: "ignore",
    });
    await awaitUp();
    // One after the other: each answer then needs a sync of its own since the one before.
    for (let index = 0; index < PUSHES; index++) expect((await post(index)).status).toBe(202);
    const exited = once(child, "exit");
    // strace keeps signals to itself while it writes to a file: its child is the one to stop.
    const traced = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, "utf8");
    process.kill(Number(traced.trim().split(" ")[0]), "SIGTERM");
    await exited;

    const calls = (await readFile(traceFile, "utf8")).split("\n").map(toCall);
    const answers = calls.filter((call) => call === "answered").length;
    let synced = false;
    let unsynced = 0;
    for (const call of calls) {
      if (call === "sync") synced = true;
      if (call !== "answered") continue;
      if (!synced) unsynced++;
      synced = false;
    }
    noteSeen("durability", { answers, syncs: calls.filter((call) => call === "sync").length });
    expect({ answers, unsynced }).toEqual({ answers: PUSHES, unsynced: 0 });
    await writeFile(traceFile, "");
  });
});
