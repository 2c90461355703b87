import { describe, expect, test } from "vitest";
import { type ClientOptions, type Credentials, createClient } from "../index.ts";
import type { RegistryAuth } from "../registry/auth.ts";
import { createRegistry } from "../registry/create-registry.ts";
import { failure, pushImage, repository } from "./support/fixtures.ts";
import { createScriptedFetch, toPaths } from "./support/scripted-fetch.ts";

const users = { robot: "secret" };
const robot: Credentials = { username: "robot", password: "secret" };

/** A registry that wants authentication, holding `v1`, and a client whose requests are counted by path. */
const setUp = async (auth: RegistryAuth, options: ClientOptions = {}, nowMs = () => 0) => {
  const registry = createRegistry({ auth, nowMs });
  await pushImage(createClient({ fetch: registry.fetch, credentials: () => robot }), "v1");
  const { fetch, seen } = createScriptedFetch((request) =>
    registry.fetch(request.url, {
      method: request.method,
      headers: request.headers,
      ...(request.body === "" ? {} : { body: request.body }),
    }),
  );
  return { client: createClient({ fetch, nowMs, ...options }), seen };
};

describe("against a real token registry", () => {
  test.each<[string, RegistryAuth, Credentials | undefined]>([
    ["basic", { kind: "basic", users }, robot],
    ["basic, anonymous", { kind: "basic", users, anonymousPull: true }, undefined],
    ["token, by password", { kind: "token", users }, robot],
    ["token, anonymous", { kind: "token", users, anonymousPull: true }, undefined],
    [
      "token, by identity token",
      { kind: "token", users, identityTokens: { idt: "robot" } },
      { identityToken: "idt" },
    ],
  ])("%s", async (_, auth, credentials) => {
    const { client } = await setUp(auth, { credentials: () => credentials });
    expect(await client.resolveTag(repository, "v1")).toMatch(/^sha256:/);
    expect(await Array.fromAsync(client.listTags(repository))).toEqual(["v1"]);
  });

  test.each<[string, RegistryAuth, Credentials | undefined]>([
    ["basic, none", { kind: "basic", users }, undefined],
    ["basic, wrong", { kind: "basic", users }, { username: "robot", password: "x" }],
    ["basic, but only an identity token", { kind: "basic", users }, { identityToken: "idt" }],
    ["token, none", { kind: "token", users }, undefined],
    ["token, wrong", { kind: "token", users }, { username: "robot", password: "x" }],
    ["token, wrong identity token", { kind: "token", users }, { identityToken: "x" }],
    ["token, wrong bearer", { kind: "token", users }, { bearer: "x" }],
  ])("%s is UNAUTHORIZED", async (_, auth, credentials) => {
    const { client } = await setUp(auth, { credentials: () => credentials });
    expect((await failure(client.resolveTag(repository, "v1"))).code).toBe("UNAUTHORIZED");
  });

  test("anonymous pull does not push", async () => {
    const { client } = await setUp({ kind: "token", users, anonymousPull: true });
    expect((await failure(pushImage(client, "v2"))).code).toBe("UNAUTHORIZED");
  });

  test("one token serves until 80 % of its life, then a new one is asked for before it expires", async () => {
    let now = 0;
    const { client, seen } = await setUp(
      { kind: "token", users, tokenLifeS: 100 },
      { credentials: () => robot },
      () => now,
    );
    await client.resolveTag(repository, "v1");
    now = 79_999;
    await client.resolveTag(repository, "v1");
    expect(toPaths(seen)).toEqual([
      "HEAD /manifests/v1",
      "GET /token",
      "HEAD /manifests/v1",
      "HEAD /manifests/v1",
    ]);
    seen.length = 0;
    now = 80_001;
    await client.resolveTag(repository, "v1");
    expect(toPaths(seen)).toEqual(["GET /token", "HEAD /manifests/v1"]);
  });

  test("callers at the same time share one token request", async () => {
    const { client, seen } = await setUp({ kind: "token", users }, { credentials: () => robot });
    await Promise.all(Array.from({ length: 20 }, () => client.resolveTag(repository, "v1")));
    expect(toPaths(seen).filter((path) => path === "GET /token")).toHaveLength(1);
  });

  test("one caller giving up does not take the token from the others", async () => {
    const { client } = await setUp({ kind: "token", users }, { credentials: () => robot });
    const controller = new AbortController();
    const first = failure(client.resolveTag(repository, "v1", { signal: controller.signal }));
    const second = client.resolveTag(repository, "v1");
    controller.abort();
    expect((await first).code).toBe("ABORTED");
    expect(await second).toMatch(/^sha256:/);
  });

  test("another repository gets another token", async () => {
    const { client, seen } = await setUp({ kind: "token", users }, { credentials: () => robot });
    await client.resolveTag(repository, "v1");
    await client.resolveTag({ ...repository, repository: "acme/other" }, "v1");
    const scopes = seen
      .filter(({ url }) => url.pathname === "/token")
      .map(({ url }) => url.searchParams.get("scope"));
    expect(scopes).toEqual(["repository:acme/app:pull", "repository:acme/other:pull"]);
  });
});
