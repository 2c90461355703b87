import { describe, expect, test } from "vitest";
import { type ClientOptions, type Credentials, createClient } from "../index.ts";
import type { RegistryAuth } from "../registry/auth.ts";
import { createRegistry } from "../registry/create-registry.ts";
import { failure, pushImage, repository } from "./support/fixtures.ts";
import { createScriptedFetch, respond, respondJson } from "./support/scripted-fetch.ts";

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

const paths = (seen: readonly { readonly url: URL; readonly method: string }[]) =>
  seen.map(({ method, url }) => `${method} ${url.pathname.replace("/v2/acme/app", "")}`);

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
    expect(paths(seen)).toEqual([
      "HEAD /manifests/v1",
      "GET /token",
      "HEAD /manifests/v1",
      "HEAD /manifests/v1",
    ]);
    seen.length = 0;
    now = 80_001;
    await client.resolveTag(repository, "v1");
    expect(paths(seen)).toEqual(["GET /token", "HEAD /manifests/v1"]);
  });

  test("callers at the same time share one token request", async () => {
    const { client, seen } = await setUp({ kind: "token", users }, { credentials: () => robot });
    await Promise.all(Array.from({ length: 20 }, () => client.resolveTag(repository, "v1")));
    expect(paths(seen).filter((path) => path === "GET /token")).toHaveLength(1);
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

describe("what is sent where", () => {
  const realm = "https://registry.example.com/token";
  const challenge = (parameters = "") => ({
    "www-authenticate": `Bearer realm="${realm}",service="s"${parameters}`,
  });

  test("a 401 without a challenge drops the token and tries once more", async () => {
    let issued = 0;
    let accepted = "";
    const { fetch, seen } = createScriptedFetch(({ url, headers }) => {
      if (url.pathname === "/token") {
        issued += 1;
        accepted = `t${issued}`;
        return respondJson(200, { token: accepted });
      }
      const sent = headers.get("authorization");
      if (sent === null) return respond(401, null, challenge());
      return sent === `Bearer ${accepted}` ? respond(404) : respond(401);
    });
    const client = createClient({ fetch });
    await client.resolveTag(repository, "v1");
    accepted = "revoked";
    seen.length = 0;
    expect(await client.resolveTag(repository, "v1")).toBeUndefined();
    expect(paths(seen)).toEqual(["HEAD /manifests/v1", "GET /token", "HEAD /manifests/v1"]);
  });

  test("a registry that refuses every token is asked twice, not for ever", async () => {
    const { fetch, seen } = createScriptedFetch(({ url }) =>
      url.pathname === "/token" ? respondJson(200, { token: "t" }) : respond(401, null, challenge()),
    );
    expect((await failure(createClient({ fetch }).resolveTag(repository, "v1"))).code).toBe("UNAUTHORIZED");
    expect(seen).toHaveLength(3);
  });

  test("a stranger's realm never sees the password", async () => {
    const { fetch, seen } = createScriptedFetch(() =>
      respond(401, null, { "www-authenticate": 'Bearer realm="https://evil.example/token"' }),
    );
    const client = createClient({ fetch, credentials: () => robot });
    expect((await failure(client.resolveTag(repository, "v1"))).code).toBe("REALM_REFUSED");
    expect(seen.map(({ url }) => url.host)).toEqual(["registry.example.com"]);
  });

  test("a token end point that redirects is not followed", async () => {
    const { fetch, seen } = createScriptedFetch(({ url }) =>
      url.pathname === "/token"
        ? respond(307, null, { location: "https://evil.example/token" })
        : respond(401, null, challenge()),
    );
    const client = createClient({ fetch, credentials: () => robot });
    expect((await failure(client.resolveTag(repository, "v1"))).code).toBe("REALM_REFUSED");
    expect(seen.map(({ url }) => url.host)).not.toContain("evil.example");
  });

  test("the password goes to the token end point and the token to the registry", async () => {
    const { fetch, seen } = createScriptedFetch(({ url, headers }) => {
      if (url.pathname === "/token") return respondJson(200, { access_token: "t" });
      return headers.has("authorization") ? respond(404) : respond(401, null, challenge());
    });
    await createClient({ fetch, credentials: () => robot }).resolveTag(repository, "v1");
    expect(seen.map(({ headers }) => headers.get("authorization"))).toEqual([
      null,
      `Basic ${Buffer.from("robot:secret").toString("base64")}`,
      "Bearer t",
    ]);
    expect(seen[1]?.url.search).toBe("?service=s&scope=repository%3Aacme%2Fapp%3Apull");
  });

  test("an identity token is posted, not put into an address", async () => {
    const { fetch, seen } = createScriptedFetch(({ url, headers }) => {
      if (url.pathname === "/token") return respondJson(200, { access_token: "t" });
      return headers.has("authorization") ? respond(404) : respond(401, null, challenge());
    });
    await createClient({ fetch, credentials: () => ({ identityToken: "idt" }) }).resolveTag(repository, "v1");
    expect(seen[1]).toMatchObject({ method: "POST" });
    expect(seen[1]?.url.search).toBe("");
    expect(Object.fromEntries(new URLSearchParams(seen[1]?.body))).toEqual({
      client_id: "oras-js",
      grant_type: "refresh_token",
      refresh_token: "idt",
      scope: "repository:acme/app:pull",
      service: "s",
    });
  });

  test("a password is posted where the end point has no GET", async () => {
    const { fetch, seen } = createScriptedFetch(({ url, method, headers }) => {
      if (url.pathname === "/token")
        return method === "GET" ? respond(405) : respondJson(200, { access_token: "t" });
      return headers.has("authorization") ? respond(404) : respond(401, null, challenge());
    });
    await createClient({ fetch, credentials: () => robot }).resolveTag(repository, "v1");
    expect(new URLSearchParams(seen[2]?.body).get("grant_type")).toBe("password");
  });

  test("a bearer credential is sent as it is, and nobody is asked for a token", async () => {
    const { fetch, seen } = createScriptedFetch(({ headers }) =>
      headers.get("authorization") === "Bearer given" ? respond(404) : respond(401, null, challenge()),
    );
    await createClient({ fetch, credentials: () => ({ bearer: "given" }) }).resolveTag(repository, "v1");
    expect(paths(seen)).toEqual(["HEAD /manifests/v1", "HEAD /manifests/v1"]);
  });

  test("bearer is chosen where basic is offered too", async () => {
    const both = { "www-authenticate": `Basic realm="x", Bearer realm="${realm}"` };
    const { fetch, seen } = createScriptedFetch(({ url, headers }) => {
      if (url.pathname === "/token") return respondJson(200, { token: "t" });
      return headers.has("authorization") ? respond(404) : respond(401, null, both);
    });
    await createClient({ fetch, credentials: () => robot }).resolveTag(repository, "v1");
    expect(seen.at(-1)?.headers.get("authorization")).toBe("Bearer t");
  });

  test("a scope beyond ours is asked for first", async () => {
    const { fetch, seen } = createScriptedFetch(({ url, headers }) => {
      if (url.pathname === "/token") return respondJson(200, { token: "t" });
      const wanted = challenge(',scope="repository:acme/base:pull repository:acme/app:pull"');
      return headers.has("authorization") ? respond(404) : respond(401, null, wanted);
    });
    await createClient({ fetch }).resolveTag(repository, "v1");
    expect(seen[1]?.url.searchParams.getAll("scope")).toEqual([
      "repository:acme/base:pull",
      "repository:acme/app:pull",
    ]);
  });

  test.each([
    ["no JSON", respondBody("x")],
    ["no token", respondBody("{}")],
    ["an empty token", respondBody('{"token":""}')],
    ["a token that would split the header", respondBody('{"token":"a\\r\\nx: y"}')],
    ["a number", respondBody('{"token":5}')],
    ["too much", respondBody(`{"token":"${"x".repeat(70_000)}"}`)],
  ])("a token answer with %s is refused without showing it", async (_, answer) => {
    const { fetch } = createScriptedFetch(({ url }) =>
      url.pathname === "/token" ? answer() : respond(401, null, challenge()),
    );
    const error = await failure(createClient({ fetch }).resolveTag(repository, "v1"));
    expect(["RESPONSE_MALFORMED", "TOO_LARGE"]).toContain(error.code);
    expect(error.message.length).toBeLessThan(200);
  });

  test.each([
    [503, "UNAVAILABLE"],
    [429, "RATE_LIMITED"],
    [403, "DENIED"],
    [404, "UNAUTHORIZED"],
  ])("a token end point answering %i is %s", async (status, code) => {
    const { fetch } = createScriptedFetch(({ url }) =>
      url.pathname === "/token" ? respond(status) : respond(401, null, challenge()),
    );
    expect((await failure(createClient({ fetch }).resolveTag(repository, "v1"))).code).toBe(code);
  });

  test("a failing credentials hook is a typed error worth a retry", async () => {
    const { fetch } = createScriptedFetch(() => respond(401, null, challenge()));
    const credentials = () => Promise.reject(new Error("vault is down"));
    const error = await failure(createClient({ fetch, credentials }).resolveTag(repository, "v1"));
    expect(error).toMatchObject({ code: "CREDENTIALS_FAILED", retryable: true });
  });

  test("credentials are not even looked up for a registry that asks for none", async () => {
    const { fetch } = createScriptedFetch(() => respond(404));
    let asked = 0;
    const credentials = () => {
      asked += 1;
      return robot;
    };
    await createClient({ fetch, credentials }).resolveTag(repository, "v1");
    expect(asked).toBe(0);
  });
});

function respondBody(body: string): () => Response {
  return () => respond(200, body);
}
