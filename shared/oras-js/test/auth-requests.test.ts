import { describe, expect, test } from "vitest";
import { type Credentials, createClient } from "../index.ts";
import { failure, repository } from "./support/fixtures.ts";
import { createScriptedFetch, respond, respondJson, toPaths } from "./support/scripted-fetch.ts";

const robot: Credentials = { username: "robot", password: "secret" };
const respondBody = (body: string) => (): Response => respond(200, body);

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
    expect(toPaths(seen)).toEqual(["HEAD /manifests/v1", "GET /token", "HEAD /manifests/v1"]);
  });

  test("a registry that refuses every token is asked twice, not for ever", async () => {
    const { fetch, seen } = createScriptedFetch(({ url }) =>
      url.pathname === "/token" ? respondJson(200, { token: "t" }) : respond(401, null, challenge()),
    );
    expect((await failure(createClient({ fetch }).resolveTag(repository, "v1"))).code).toBe("UNAUTHORIZED");
    expect(seen).toHaveLength(3);
  });

  // Some registries lock an account after a few of those.
  test("a refused password is not sent again by itself", async () => {
    const { fetch, seen } = createScriptedFetch(() => respond(401, null, { "www-authenticate": "Basic" }));
    const client = createClient({ fetch, credentials: () => robot });
    await failure(client.resolveTag(repository, "v1"));
    await failure(client.resolveTag(repository, "v1"));
    expect(seen.filter(({ headers }) => headers.has("authorization"))).toHaveLength(2);
  });

  test("no request leaves it to fetch to follow redirects", async () => {
    const { fetch, seen } = createScriptedFetch(({ url }) =>
      url.pathname === "/token" ? respondJson(200, { token: "t" }) : respond(401, null, challenge()),
    );
    await failure(createClient({ fetch }).resolveTag(repository, "v1"));
    expect(seen.map(({ redirect }) => redirect)).toEqual(["manual", "manual", "manual"]);
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
    expect(toPaths(seen)).toEqual(["HEAD /manifests/v1", "HEAD /manifests/v1"]);
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
