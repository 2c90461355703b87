import { afterEach, describe, expect, test } from "vitest";
import { createCloudStorageReader } from "../../../../shared/adapters/gcp/cloud-storage.ts";
import { createFirestoreDatabase } from "../../../../shared/adapters/gcp/firestore/database.ts";
import { toDocumentId, toFieldPath } from "../../../../shared/adapters/gcp/firestore/key.ts";
import { createGoogleApi } from "../../../../shared/adapters/gcp/google-api.ts";
import { createSecretManager } from "../../../../shared/adapters/gcp/secret-manager.ts";
import { Secret } from "../../../../shared/artifact/secret.ts";
import { PipelineError } from "../../../../shared/errors.ts";
import { type ServiceDouble, startServiceDouble } from "../../../support/service-double.ts";

let double: ServiceDouble;
afterEach(() => double.close());

const refusal = (code: number, status: string, message = "no") => ({
  status: code,
  body: JSON.stringify({ error: { code, status, message } }),
});

const open = async (reply: Parameters<typeof startServiceDouble>[0]) => {
  double = await startServiceDouble(reply);
  return createGoogleApi({ fetch: globalThis.fetch, token: async () => new Secret("t0ken") });
};

describe("calls of Google's APIs", () => {
  test("carry the token and JSON, and follow no redirect", async () => {
    const api = await open(({ target }) =>
      target === "/go" ? { status: 302, headers: { location: "/elsewhere" } } : { body: "{}" },
    );
    expect(await api({ method: "POST", url: `${double.url}/x`, body: { a: 1 } })).toMatchObject({ ok: true });
    expect(double.seen[0]).toMatchObject({ body: '{"a":1}', headers: { authorization: "Bearer t0ken" } });
    expect(await api({ method: "GET", url: `${double.url}/go` })).toMatchObject({ status: "UNREACHABLE" });
    expect(double.seen.some(({ target }) => target === "/elsewhere")).toBe(false);
  });

  test("are tried again while it may help, and an end comes", async () => {
    let left = 2;
    const api = await open(() => {
      left -= 1;
      return left >= 0 ? refusal(503, "UNAVAILABLE") : { body: "{}" };
    });
    expect(await api({ method: "GET", url: double.url })).toMatchObject({ ok: true });
    left = 100;
    const answer = await api({ method: "GET", url: double.url });
    expect(answer).toMatchObject({ ok: false, status: "UNAVAILABLE" });
    expect(double.seen).toHaveLength(3 + 4);
  });

  test.each([
    [403, "PERMISSION_DENIED"],
    [429, "RESOURCE_EXHAUSTED"],
    [400, "INVALID_ARGUMENT"],
  ])("are not tried again for %d", async (code, status) => {
    const api = await open(() => ({ ...refusal(code, status), headers: { "retry-after": "7" } }));
    const answer = await api({ method: "GET", url: double.url });
    expect(answer).toMatchObject({ ok: false, status, retryAfterMs: 7_000 });
    expect(double.seen).toHaveLength(1);
  });

  test("repeat what Google says, but for the token", async () => {
    const api = await open(() => refusal(403, "PERMISSION_DENIED", "t0ken may not, says t0ken"));
    const answer = await api({ method: "GET", url: double.url });
    expect(answer).toMatchObject({ message: expect.stringContaining("[redacted] may not, says [redacted]") });
  });

  test("say why there is no token", async () => {
    double = await startServiceDouble(() => ({}));
    const api = createGoogleApi({
      fetch: globalThis.fetch,
      token: () => Promise.reject(new PipelineError("metadata server: gone", { code: "SECRET_UNAVAILABLE" })),
    });
    expect(await api({ method: "GET", url: double.url })).toMatchObject({ message: "metadata server: gone" });
    expect(double.seen).toHaveLength(0);
  });

  test("refuse an answer that is larger than asked for", async () => {
    const api = await open(() => ({ body: "x".repeat(101) }));
    const answer = await api({ method: "GET", url: double.url, maxBytes: 100 });
    expect(answer).toMatchObject({ ok: false, status: "TOO_LARGE" });
  });
});

describe("Cloud Storage", () => {
  test("reads an object by its address", async () => {
    const api = await open(() => ({ body: "catalog" }));
    const objects = createCloudStorageReader({ api, baseUrl: double.url });
    const { signal } = new AbortController();
    const bytes = await objects.read("gs://acme-sluice/prod/catalog.json", 100, signal);
    expect(Buffer.from(bytes).toString()).toBe("catalog");
    expect(double.seen[0]?.target).toBe("/storage/v1/b/acme-sluice/o/prod%2Fcatalog.json?alt=media");
  });
});

describe("Secret Manager", () => {
  const openSecrets = async () => {
    const api = await open(() => ({ body: JSON.stringify({ payload: { data: "czNjcmV0" } }) }));
    return createSecretManager({ api, project: "p", baseUrl: double.url });
  };
  const { signal } = new AbortController();

  test.each([
    ["token", "projects/p/secrets/token/versions/latest"],
    ["token/versions/3", "projects/p/secrets/token/versions/3"],
    ["projects/other/secrets/token", "projects/other/secrets/token/versions/latest"],
    ["projects/other/secrets/token/versions/2", "projects/other/secrets/token/versions/2"],
  ])("reads %s", async (name, resource) => {
    const read = await openSecrets();
    expect(await read(name, signal)).toBeInstanceOf(Secret);
    expect(double.seen[0]?.target).toBe(`/v1/${resource}:access`);
  });

  test.each([
    ["a name that leads elsewhere", "../token"],
    ["a version that is none", "token/versions/newest"],
  ])("asks nobody for %s", async (_what, name) => {
    const read = await openSecrets();
    expect(await read(name, signal)).toMatchObject({ refused: expect.stringContaining("write NAME") });
    expect(double.seen).toEqual([]);
  });
});

describe("Firestore's words", () => {
  const openDatabase = async (reply: Parameters<typeof startServiceDouble>[0]) => {
    const api = await open(reply);
    return createFirestoreDatabase({ api, project: "p", baseUrl: double.url });
  };
  const write = { set: { collection: "c", id: "i", fields: {} }, only: { exists: false } } as const;

  test.each([
    [refusal(409, "ALREADY_EXISTS"), "exists"],
    [refusal(400, "FAILED_PRECONDITION"), "stale"],
    [refusal(404, "NOT_FOUND", "No document to update: projects/p/…"), "stale"],
  ])("%j means %s", async (reply, kind) => {
    const database = await openDatabase(() => reply);
    expect(await database.commit([write])).toEqual({ kind });
  });

  test("a database that is not there is no conflict", async () => {
    const database = await openDatabase(() =>
      refusal(404, "NOT_FOUND", "The database (default) does not exist for project p"),
    );
    await expect(database.commit([write])).rejects.toMatchObject({
      code: "STATE_UNAVAILABLE",
      message: expect.stringContaining("does not exist for project p"),
    });
  });

  test("an error inside a stream of answers is found", async () => {
    const database = await openDatabase(() => ({
      status: 400,
      body: JSON.stringify([
        { error: { code: 400, status: "FAILED_PRECONDITION", message: "The query requires an index" } },
      ]),
    }));
    const query = database.query({ collection: "c", orderBy: [{ field: "a" }], limit: 1 });
    await expect(query).rejects.toThrow("The query requires an index");
  });

  test("any text makes a document id and a field path", async () => {
    double = await startServiceDouble(() => ({}));
    const keys = ["a/b", "__x__", ".", "..", "a.b", "ü`\\", "x".repeat(2_000), "x".repeat(2_001)];
    const ids = keys.map(toDocumentId);
    expect(new Set(ids).size).toBe(keys.length);
    for (const id of ids) {
      expect(id).toMatch(/^[kh]\.[^/]{1,1400}$/);
    }
    expect(toFieldPath("due", "c/ns/a`b\\")).toBe("due.`c/ns/a\\`b\\\\`");
  });
});
