import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "oras-js";
import { createRegistry } from "oras-js/registry";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pushArtifact } from "../../../functions/local/playground/artifacts.ts";
import type { ReceiverDouble } from "../../../functions/local/playground/receiver.ts";
import { type LocalRuntime, startLocalRuntime } from "../../../functions/local/runtime.ts";
import { wire } from "../../../functions/local/wire.ts";
import { openDatabase } from "../../../shared/adapters/node/sqlite/database.ts";
import { parseConfig } from "../../../shared/config.ts";
import { rollBack } from "../../../shared/pipeline/evaluate/rollback.ts";
import type { DecisionRecord } from "../../../shared/state.ts";
import { appManifests, startAppWorld } from "../../support/app-world.ts";

const SECRET = "events-s3cret";
const EVENTS = "application/vnd.docker.distribution.events.v2+json";

describe("the embedded runtime", () => {
  const cleanUps: (() => Promise<unknown>)[] = [];
  let folder = "";
  let receiver: ReceiverDouble;
  let registry = "";

  const atEnd = (cleanUp: () => Promise<unknown>) => cleanUps.push(cleanUp);

  beforeEach(async () => {
    const world = await startAppWorld();
    atEnd(world.close);
    ({ folder, registry, receiver } = world);
  });

  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  const toConfig = (changes: Record<string, unknown> = {}) => {
    const settings = {
      mode: "enforce",
      listen: { port: 0 },
      state: { path: "./sluice.db" },
      clusters: [
        {
          name: "c",
          manifests: { folder: "./manifests" },
          receiver: { baseUrl: receiver.url, token: { env: "TOKEN" }, allowPrivateAddresses: true },
        },
      ],
      sources: [{ type: "distribution", secrets: [{ env: "SECRET" }] }],
      rules: [{ repositories: `${registry}/**`, unverified: "allow" }],
      registries: { [registry]: { plainHttp: true, allowPrivateAddresses: true } },
      ...changes,
    };
    return parseConfig(JSON.stringify(settings), { file: "sluice.yaml", baseFolder: folder });
  };

  const start = async (changes?: Record<string, unknown>): Promise<LocalRuntime> => {
    const env = { SECRET, TOKEN: "t0ken" };
    const runtime = await startLocalRuntime(toConfig(changes), { env, log: () => {} });
    atEnd(() => runtime.stop());
    return runtime;
  };

  const post = async (
    runtime: LocalRuntime,
    body: string | Uint8Array,
    headers: Record<string, string> = {},
    path = "/events/distribution",
  ) => {
    const response = await fetch(`${runtime.address}${path}`, {
      method: "POST",
      headers: { "content-type": EVENTS, authorization: `Bearer ${SECRET}`, ...headers },
      body: typeof body === "string" ? body : new Uint8Array(body),
    });
    return { status: response.status, text: await response.text() };
  };

  const pushEvent = (host: string, tag: string, digest: string) =>
    JSON.stringify({
      events: [
        {
          id: `${tag}-${digest}`,
          action: "push",
          target: {
            mediaType: "application/vnd.oci.image.manifest.v1+json",
            digest,
            repository: "acme/app",
            tag,
          },
          request: { host },
        },
      ],
    });

  const decisions = async (runtime: LocalRuntime): Promise<readonly DecisionRecord[]> =>
    (await runtime.state.records({ limit: 1_000 })).filter((record) => record.kind === "decision");

  const awaitDecision = async (runtime: LocalRuntime, tag: string): Promise<DecisionRecord> => {
    for (;;) {
      const found = (await decisions(runtime)).find(
        (record) => record.tag === tag && record.outcome !== "wait",
      );
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  const pushTagged = async (tag: string): Promise<string> => {
    const client = createClient({ plainHttp: () => true });
    const artifact = await pushArtifact(client, { registry, repository: "acme/app" }, tag);
    await client.tagManifest(artifact.repository, artifact.digest, tag);
    return artifact.digest;
  };

  test.each([
    {
      what: "a wrong secret",
      headers: { authorization: "Bearer wrong" },
      body: "{}",
      status: 401,
      says: /^refused: secret-wrong\n$/,
    },
    {
      what: "no secret",
      headers: { authorization: "" },
      body: "{}",
      status: 401,
      says: /^refused: secret-missing\n$/,
    },
    {
      what: "10 MiB",
      headers: {},
      body: "x".repeat(10 * 1024 * 1024),
      status: 413,
      says: /^the body is larger .*\n$/,
    },
    // A registry that got a 4xx would send the same again for ever, and queue everything behind it.
    { what: "not JSON", headers: {}, body: "not json", status: 202, says: /^distribution: .*JSON.*\n$/ },
  ])("answers $what with status $status and one clear line", async ({ headers, body, status, says }) => {
    const runtime = await start();
    const answer = await post(runtime, body, headers);
    expect(answer.status).toBe(status);
    expect(answer.text).toMatch(says);
    expect(await decisions(runtime)).toEqual([]);
  });

  test("says which paths it knows", async () => {
    const runtime = await start();
    expect(await post(runtime, "{}", {}, "/events/unknown")).toEqual({
      status: 404,
      text: "no event source has this path; see `sources` in sluice.yaml\n",
    });
  });

  test("answers /healthz", async () => {
    const runtime = await start();
    const health: unknown = await fetch(`${runtime.address}/healthz`).then((response) => response.json());
    expect(health).toMatchObject({ status: "ok", mode: "enforce", parked: 0, overdue: 0 });
  });

  test("tells the receiver of an allowed push, once, however often it is announced", async () => {
    const runtime = await start();
    const digest = await pushTagged("1.0.0");
    for (let copy = 0; copy < 3; copy++) {
      expect((await post(runtime, pushEvent(registry, "1.0.0", digest))).status).toBe(202);
    }
    expect(await awaitDecision(runtime, "1.0.0")).toMatchObject({
      outcome: "notify",
      reason: "unverified-allowed",
      digest,
    });
    while (receiver.accepted.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(receiver.requests.map(({ status, annotated }) => ({ status, annotated }))).toEqual([
      { status: 200, annotated: ["OCIRepository/apps/app"] },
    ]);
  });

  test("in observe mode decides, records and sends nothing", async () => {
    const runtime = await start({ mode: "observe" });
    const digest = await pushTagged("1.0.0");
    await post(runtime, pushEvent(registry, "1.0.0", digest));
    const decision = await awaitDecision(runtime, "1.0.0");
    expect(decision).toMatchObject({ outcome: "notify", facts: { mode: "observe" } });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(receiver.requests).toEqual([]);
  });

  test("without any rule denies", async () => {
    const runtime = await start({ rules: [{ repositories: "elsewhere.example/**", unverified: "allow" }] });
    const digest = await pushTagged("1.0.0");
    await post(runtime, pushEvent(registry, "1.0.0", digest));
    expect(await awaitDecision(runtime, "1.0.0")).toMatchObject({
      outcome: "reject",
      reason: "no-identity-rule",
    });
    expect(receiver.requests).toEqual([]);
  });

  test("first start is silent: what is selected already becomes the baseline", async () => {
    await pushTagged("1.4.0");
    const runtime = await start();
    expect(await awaitDecision(runtime, "1.4.0")).toMatchObject({ outcome: "ignore", reason: "baseline" });
    expect(receiver.requests).toEqual([]);
  });

  test("keeps a push whose registry is out of reach, and decides once it is back", async () => {
    const down = createRegistry();
    const host = await down.listen();
    await down.close();
    await writeFile(join(folder, "manifests", "app.yaml"), appManifests(host));
    const runtime = await start({
      rules: [{ repositories: `${host}/**`, unverified: "allow" }],
      registries: { [host]: { plainHttp: true, allowPrivateAddresses: true } },
    });
    expect((await post(runtime, pushEvent(host, "1.0.0", `sha256:${"a".repeat(64)}`))).status).toBe(202);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await decisions(runtime)).toEqual([]);
    const back = createRegistry();
    await back.listen(Number(host.split(":")[1]));
    atEnd(() => back.close());
    const client = createClient({ plainHttp: () => true });
    const artifact = await pushArtifact(client, { registry: host, repository: "acme/app" }, "late");
    await client.tagManifest(artifact.repository, artifact.digest, "1.0.0");
    expect(await awaitDecision(runtime, "1.0.0")).toMatchObject({ tag: "1.0.0" });
  });

  test("goes backwards only by rollback, which is recorded with who and why", async () => {
    const runtime = await start();
    const client = createClient({ plainHttp: () => true });
    for (const [before, tag] of ["1.0.0", "1.1.0"].entries()) {
      await post(runtime, pushEvent(registry, tag, await pushTagged(tag)));
      await awaitDecision(runtime, tag);
      // A newer decision would take the place of one that has not left.
      while (receiver.accepted.length <= before) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const rollBackTo = async (to: string) => {
      const config = toConfig();
      const database = openDatabase(config.state.path);
      const wired = await wire(config, { env: { SECRET, TOKEN: "t0ken" }, log: () => {} }, database);
      const audit = { by: "ada", why: "1.1.0 leaks" };
      try {
        return await rollBack(wired.deps, "c/OCIRepository/apps/app", to, audit, AbortSignal.timeout(10_000));
      } finally {
        await wired.close();
        await database.close();
      }
    };
    await expect(rollBackTo("1.0.0")).rejects.toThrowError(/Flux would pick 1\.1\.0/);
    await client.deleteTag({ registry, repository: "acme/app" }, "1.1.0");
    const { from, to } = await rollBackTo("1.0.0");
    expect([from?.tag, to.tag]).toEqual(["1.1.0", "1.0.0"]);
    await expect(rollBackTo("1.0.0")).rejects.toThrowError(/no step back/);
    const last = (await decisions(runtime)).at(-1);
    expect(last).toMatchObject({
      tag: "1.0.0",
      outcome: "notify",
      facts: { origin: { by: "ada", why: "1.1.0 leaks" } },
    });
    const tagOf = ({ body }: { body: Uint8Array }): unknown =>
      JSON.parse(Buffer.from(body).toString()).changes[0].tag;
    while (receiver.accepted.length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(receiver.accepted.map(tagOf)).toEqual(["1.0.0", "1.1.0", "1.0.0"]);
  });

  test("refuses to serve a state file that is served already", async () => {
    await start();
    await expect(start()).rejects.toThrowError(/another sluice already serves .*sluice\.db; stop it/);
  });

  test("names the secret that is not there", async () => {
    const sources = [{ type: "distribution", secrets: [{ env: "NOBODY_SET_THIS" }] }];
    await expect(start({ sources })).rejects.toThrowError(
      /^sluice\.yaml:\d+: sources\[0\]\.secrets\[0\]: environment variable NOBODY_SET_THIS is not set/,
    );
  });
});
