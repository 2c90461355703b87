import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSweepFunction } from "../../../functions/wiring/functions.ts";
import { createRedeliveries } from "../../../functions/wiring/redeliveries.ts";
import { createNodeSecrets } from "../../../shared/adapters/node/secrets.ts";
import type { Config } from "../../../shared/config/config.ts";
import { parseConfig } from "../../../shared/config.ts";
import type { WorkQueue } from "../../../shared/ports.ts";
import { createMemoryQueue } from "../../simulation/memory-queue.ts";
import { createMemoryState } from "../../simulation/memory-state.ts";

const APP = `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: { name: app, namespace: apps }
spec: { interval: 60m, url: "oci://registry.example/acme/app", ref: { semver: "1.x" } }
`;

const clock = { nowMs: () => Date.parse("2026-03-01T12:00:00Z") };

describe("a cloud's sweep and what GitHub could not deliver", () => {
  let folder = "";
  let github = "";
  let seen: string[] = [];
  let hanging: string[] = [];

  const server = createServer(({ method, url = "", headers }, response) => {
    const { pathname } = new URL(url, "http://github.example");
    if (hanging.some((hook) => pathname.startsWith(hook))) return;
    seen.push(`${method} ${pathname} ${headers.authorization}`);
    const failed = { id: 7, guid: "e7", event: "package", status_code: 503, status: "failed" };
    response.end(
      method === "GET" ? JSON.stringify([{ ...failed, delivered_at: "2026-03-01T11:59:00Z" }]) : "{}",
    );
  });

  beforeEach(async () => {
    [seen, hanging] = [[], []];
    folder = await mkdtemp(join(tmpdir(), "sluice-sweep-"));
    await writeFile(join(folder, "app.yaml"), APP);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    github = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    await rm(folder, { recursive: true, force: true });
  });

  const toConfig = (...hooks: readonly string[]): Config =>
    parseConfig(
      JSON.stringify({
        mode: "observe",
        clusters: [{ name: "c", manifests: { folder } }],
        sources: hooks.map((hook) => ({
          type: "ghcr",
          name: `hook-${hook}`,
          path: `/events/${hook}`,
          secrets: [{ env: "SECRET" }],
          redelivery: { hook: `${github}/orgs/acme/hooks/${hook}`, token: { env: "GITHUB_TOKEN" } },
        })),
        network: { allowPrivate: ["127.0.0.0/8"] },
      }),
      { file: "sluice.yaml", baseFolder: folder },
    );
  // The only secret that this function is given.
  const secrets = createNodeSecrets({ GITHUB_TOKEN: "t0ken" });

  const openSweep = (queue: WorkQueue) =>
    openSweepFunction(toConfig("1"), {
      clock,
      queue,
      secrets,
      state: createMemoryState(clock),
      log: () => {},
    });

  const asked = [
    "GET /orgs/acme/hooks/1/deliveries Bearer t0ken",
    "POST /orgs/acme/hooks/1/deliveries/7/attempts Bearer t0ken",
  ];

  test("asks for it at every look at the repositories", async () => {
    const queue = createMemoryQueue(clock);
    const sweep = await openSweep(queue);
    await sweep.repositories();
    expect([seen, queue.size()]).toEqual([asked, 1]);
    await sweep.due();
    expect(seen).toEqual(asked);
  });

  test("asks for it although the look itself fails, which is told as well", async () => {
    const sweep = await openSweep({ send: () => Promise.reject(new Error("the queue is out of reach")) });
    await expect(sweep.repositories()).rejects.toThrow("the queue is out of reach");
    expect(seen).toEqual(asked);
  });

  test("is held up by a sender that never answers for its part of the turn only", async () => {
    hanging = ["/orgs/acme/hooks/1/"];
    const logged: unknown[] = [];
    const documents = createMemoryState(clock);
    const log = (event: string, fields: object) => void logged.push([event, Reflect.get(fields, "source")]);
    await createRedeliveries(toConfig("1", "2"), secrets, { clock, documents, log }, 400)?.();
    expect(seen.map((line) => line.split(" ")[1])).toEqual([
      "/orgs/acme/hooks/2/deliveries",
      "/orgs/acme/hooks/2/deliveries/7/attempts",
    ]);
    expect(logged).toEqual([
      ["redelivery-failed", "hook-1"],
      ["redelivery-asked", "hook-2"],
    ]);
  });
});
