import { describe, expect, test } from "vitest";
import { createClient, sha256 } from "../index.ts";
import { createRegistry } from "../registry/create-registry.ts";
import { failure, pushImage, repository, toBytes, toManifest } from "./support/fixtures.ts";
import { createScriptedFetch, respond } from "./support/scripted-fetch.ts";

const other = { ...repository, repository: "acme/base" };
const hello = toBytes("hello");

/** A real registry whose requests are listed. */
const setUp = () => {
  const registry = createRegistry();
  const seen: string[] = [];
  const fetch: typeof globalThis.fetch = (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    seen.push(
      `${request.method} ${url.pathname.replace(/[0-9a-f-]{36}$/, "ID").replace(/sha256:.*/, "DIGEST")}`,
    );
    return registry.fetch(request);
  };
  return { client: createClient({ fetch }), seen };
};

describe("pushBlob", () => {
  test("uploads in one piece, and not again what is there", async () => {
    const { client, seen } = setUp();
    expect(await client.pushBlob(repository, hello)).toEqual({ digest: sha256(hello), size: 5 });
    expect(await client.fetchBlob(repository, sha256(hello))).toEqual(hello);
    await client.pushBlob(repository, hello);
    expect(seen).toEqual([
      "HEAD /v2/acme/app/blobs/DIGEST",
      "POST /v2/acme/app/blobs/uploads/",
      "PUT /v2/acme/app/blobs/uploads/ID",
      "GET /v2/acme/app/blobs/DIGEST",
      "HEAD /v2/acme/app/blobs/DIGEST",
    ]);
  });

  test("mounts what another repository holds", async () => {
    const { client, seen } = setUp();
    await client.pushBlob(other, hello);
    seen.length = 0;
    await client.pushBlob(repository, hello, { mountFrom: other.repository });
    expect(seen.at(-1)).toBe("POST /v2/acme/app/blobs/uploads/");
    expect(await client.fetchBlob(repository, sha256(hello))).toEqual(hello);
  });

  test("uploads where there is nothing to mount", async () => {
    const { client, seen } = setUp();
    await client.pushBlob(repository, hello, { mountFrom: other.repository });
    expect(seen.at(-1)).toBe("PUT /v2/acme/app/blobs/uploads/ID");
  });

  test("does not ask to mount from what is no repository", async () => {
    const { client, seen } = setUp();
    const call = { mountFrom: "../x" };
    expect((await failure(client.pushBlob(repository, hello, call))).code).toBe("REFERENCE_INVALID");
    expect(seen.filter((path) => path.startsWith("POST"))).toEqual([]);
  });

  test("sends bytes of a view, and shared ones, as they are", async () => {
    const { client } = setUp();
    const shared = new Uint8Array(new SharedArrayBuffer(5));
    shared.set(hello);
    await client.pushBlob(repository, toBytes("xhellox").subarray(1, 6));
    await client.pushBlob(other, shared);
    expect(await client.fetchBlob(repository, sha256(hello))).toEqual(hello);
    expect(await client.fetchBlob(other, sha256(hello))).toEqual(hello);
  });

  test.each([
    ["no Location", {}],
    ["a private address", { location: "https://10.0.0.1/up" }],
    ["plain HTTP", { location: "http://registry.example.com/up" }],
  ])("an upload to %s is refused", async (_, headers) => {
    const { fetch } = createScriptedFetch(({ method }) =>
      method === "HEAD" ? respond(404) : respond(202, null, headers),
    );
    expect((await failure(createClient({ fetch }).pushBlob(repository, hello))).code).toBe(
      "REDIRECT_REFUSED",
    );
  });

  test("an upload to another host carries no credentials", async () => {
    const { fetch, seen } = createScriptedFetch(({ method, url, headers }) => {
      if (url.host === "up.example.net") return respond(201);
      if (!headers.has("authorization")) return respond(401, null, { "www-authenticate": "Basic" });
      return method === "HEAD"
        ? respond(404)
        : respond(202, null, { location: "https://up.example.net/x?state=1" });
    });
    const credentials = () => ({ username: "u", password: "p" });
    await createClient({ fetch, credentials }).pushBlob(repository, hello);
    expect(seen.at(-1)?.url.href).toBe(
      `https://up.example.net/x?state=1&digest=${encodeURIComponent(sha256(hello))}`,
    );
    expect(seen.at(-1)?.headers.has("authorization")).toBe(false);
  });
});

describe("pushManifest", () => {
  test("by tag and by digest", async () => {
    const { client } = setUp();
    const digest = await pushImage(client, "v1");
    expect(await client.resolveTag(repository, "v1")).toBe(digest);
    const untagged = await client.pushManifest(repository, toManifest({ annotations: { a: "" } }));
    expect(await client.fetchManifest(repository, untagged)).toMatchObject({ digest: untagged });
  });

  test.each([
    ["no JSON", "x"],
    ["a subject without digest", '{"subject":{}}'],
    ["a subject with another digest", '{"subject":{"digest":"md5:00"}}'],
  ])("never sends a manifest that is %s", async (_, text) => {
    const { fetch, seen } = createScriptedFetch(() => respond(201));
    const manifest = { mediaType: "x/y", bytes: toBytes(text) };
    expect((await failure(createClient({ fetch }).pushManifest(repository, manifest))).code).toBe(
      "MANIFEST_INVALID",
    );
    expect(seen).toEqual([]);
  });

  test("a refusal says what the registry said", async () => {
    const { client } = setUp();
    const missing = await failure(client.pushManifest(repository, toManifest(), { tag: "v1" }));
    expect(missing).toMatchObject({ code: "NOT_FOUND", specCodes: ["MANIFEST_BLOB_UNKNOWN"] });
  });
});

describe("tags and deletion", () => {
  test("a tag is put on what is there", async () => {
    const { client } = setUp();
    const digest = await pushImage(client, "v1");
    await client.tagManifest(repository, digest, "v2");
    expect(await client.resolveTag(repository, "v2")).toBe(digest);
    const missing = client.tagManifest(repository, sha256(hello), "v3");
    expect((await failure(missing)).code).toBe("NOT_FOUND");
  });

  test("a tag goes alone, a manifest with its tags", async () => {
    const { client } = setUp();
    const digest = await pushImage(client, "v1");
    await client.tagManifest(repository, digest, "v2");
    expect(await client.deleteTag(repository, "v1")).toBe(true);
    expect(await client.deleteTag(repository, "v1")).toBe(false);
    expect(await client.resolveTag(repository, "v2")).toBe(digest);
    expect(await client.deleteManifest(repository, digest)).toBe(true);
    expect(await client.deleteManifest(repository, digest)).toBe(false);
    expect(await client.resolveTag(repository, "v2")).toBeUndefined();
  });

  test("a registry that does not delete says so", async () => {
    const { fetch } = createScriptedFetch(() => respond(405));
    const error = await failure(createClient({ fetch }).deleteTag(repository, "v1"));
    expect(error).toMatchObject({ code: "UNSUPPORTED", retryable: false });
  });
});
