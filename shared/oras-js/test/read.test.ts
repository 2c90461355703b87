import { describe, expect, test } from "vitest";
import { createClient, type Digest, MEDIA_TYPE, sha256 } from "../index.ts";
import { createRegistry } from "../registry/create-registry.ts";
import type { Fault } from "../registry/faults.ts";
import { failure, pushImage, repository, toBytes } from "./support/fixtures.ts";
import { createScriptedFetch, respond } from "./support/scripted-fetch.ts";

const absent: Digest = `sha256:${"0".repeat(64)}`;

/** A registry with one image under `v1`, whose answers the test may spoil afterwards. */
const setUp = async (limits = {}) => {
  let fault: Fault | undefined;
  const registry = createRegistry({ faults: () => fault });
  const client = createClient({ fetch: registry.fetch, limits, timeoutMs: 2_000 });
  const digest = await pushImage(client, "v1");
  const spoil = (next: Fault): void => {
    fault = next;
  };
  return { client, digest, spoil };
};

describe("resolveTag", () => {
  test("answers the digest, or nothing for an unknown tag or repository", async () => {
    const { client, digest } = await setUp();
    expect(await client.resolveTag(repository, "v1")).toBe(digest);
    expect(await client.resolveTag(repository, "v2")).toBeUndefined();
    expect(await client.resolveTag({ ...repository, repository: "no/such" }, "v1")).toBeUndefined();
  });

  const bytes = toBytes("{}");
  test.each([
    ["the header is missing", () => respond(200)],
    ["the header is no digest", () => respond(200, null, { "docker-content-digest": "sha256:../../x" })],
    ["HEAD is not allowed", () => respond(405)],
    ["HEAD is a bad request", () => respond(400)],
    ["HEAD is not implemented", () => respond(501)],
  ])("fetches and hashes when %s", async (_, head) => {
    const { fetch, seen } = createScriptedFetch(({ method }) =>
      method === "HEAD" ? head() : respond(200, bytes),
    );
    expect(await createClient({ fetch }).resolveTag(repository, "v1")).toBe(sha256(bytes));
    expect(seen.map(({ method }) => method)).toEqual(["HEAD", "GET"]);
  });

  test.each([
    [401, "UNAUTHORIZED", false],
    [403, "DENIED", false],
    [429, "RATE_LIMITED", true],
    [500, "UNAVAILABLE", true],
    [503, "UNAVAILABLE", true],
    [408, "UNAVAILABLE", true],
  ])("HTTP %i is %s, worth a retry: %s", async (status, code, retryable) => {
    const { fetch } = createScriptedFetch(() => respond(status));
    const error = await failure(createClient({ fetch }).resolveTag(repository, "v1"));
    expect(error).toMatchObject({ code, status, retryable });
  });

  test.each([
    ["12", 12_000],
    ["Sun, 22 Nov 2026 22:00:10 GMT", 10_000],
    ["Sun, 22 Nov 2026 21:00:00 GMT", 0],
    ["999999999", 86_400_000],
    ["soon", undefined],
    ["-5", undefined],
  ])("Retry-After %s is %s ms", async (header, expected) => {
    const { fetch } = createScriptedFetch(() => respond(429, null, { "retry-after": header }));
    const nowMs = () => Date.parse("2026-11-22T22:00:00Z");
    const error = await failure(createClient({ fetch, nowMs }).resolveTag(repository, "v1"));
    expect(error.retryAfterMs).toBe(expected);
  });

  test.each(["../x", "a/b", "", ".", "..", "a?b", `${"a".repeat(129)}`])(
    "never sends the tag %j",
    async (tag) => {
      const { fetch, seen } = createScriptedFetch(() => respond(200));
      const error = await failure(createClient({ fetch }).resolveTag(repository, tag));
      expect(error.code).toBe("REFERENCE_INVALID");
      expect(seen).toEqual([]);
    },
  );

  test.each([
    { registry: "registry.example.com/x", repository: "a" },
    { registry: "user@registry.example.com", repository: "a" },
    { registry: "registry.example.com", repository: "a/../b" },
    { registry: "registry.example.com", repository: "a?x" },
  ])("never asks %j", async (name) => {
    const { fetch, seen } = createScriptedFetch(() => respond(200));
    expect((await failure(createClient({ fetch }).resolveTag(name, "v1"))).code).toBe("REFERENCE_INVALID");
    expect(seen).toEqual([]);
  });
});

describe("fetchManifest", () => {
  test("answers the bytes that hash to the digest", async () => {
    const { client, digest } = await setUp();
    const manifest = await client.fetchManifest(repository, digest);
    expect(manifest).toMatchObject({ digest, mediaType: MEDIA_TYPE.ociManifest });
    expect(sha256(manifest?.bytes ?? toBytes(""))).toBe(digest);
    expect(await client.fetchManifest(repository, absent)).toBeUndefined();
  });

  test("by tag too, with the digest computed from the bytes", async () => {
    const { client, digest } = await setUp();
    expect(await client.fetchManifestByTag(repository, "v1")).toMatchObject({ digest });
    expect(await client.fetchManifestByTag(repository, "v2")).toBeUndefined();
  });

  test("refuses bytes that do not hash to the digest", async () => {
    const { client, digest, spoil } = await setUp();
    spoil({ alter: (reply) => ({ ...reply, body: toBytes("{}") }) });
    expect((await failure(client.fetchManifest(repository, digest))).code).toBe("DIGEST_MISMATCH");
  });

  test("checks a sha512 digest with sha512", async () => {
    const { fetch } = createScriptedFetch(() => respond(200, "{}"));
    const digest: Digest = `sha512:${"0".repeat(128)}`;
    expect((await failure(createClient({ fetch }).fetchManifest(repository, digest))).code).toBe(
      "DIGEST_MISMATCH",
    );
  });

  test("believes the document about its media type, not the header", async () => {
    const bytes = toBytes({ mediaType: MEDIA_TYPE.ociIndex, manifests: [] });
    const { fetch } = createScriptedFetch(() =>
      respond(200, bytes, { "content-type": MEDIA_TYPE.ociManifest }),
    );
    const manifest = await createClient({ fetch }).fetchManifest(repository, sha256(bytes));
    expect(manifest?.mediaType).toBe(MEDIA_TYPE.ociIndex);
  });

  test("takes the header, without parameters, where the document says nothing", async () => {
    const bytes = toBytes("{}");
    const { fetch } = createScriptedFetch(() =>
      respond(200, bytes, { "content-type": "Application/vnd.oci.image.index.v1+json; charset=utf-8" }),
    );
    const manifest = await createClient({ fetch }).fetchManifest(repository, sha256(bytes));
    expect(manifest?.mediaType).toBe(MEDIA_TYPE.ociIndex);
  });

  test("refuses an announced size over the cap without reading", async () => {
    const { client, digest, spoil } = await setUp({ manifestBytes: 100 });
    spoil({
      alter: ({ status, headers }) => ({
        status,
        headers: { ...headers, "content-length": "101" },
        body: toBytes("x"),
      }),
    });
    expect((await failure(client.fetchManifest(repository, digest))).code).toBe("TOO_LARGE");
  });

  test("stops reading an endless body at the cap", async () => {
    let sent = 0;
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += 1_000;
        controller.enqueue(new Uint8Array(1_000));
      },
      cancel: () => {
        cancelled = true;
      },
    });
    const { fetch } = createScriptedFetch(() => new Response(endless));
    const client = createClient({ fetch, limits: { manifestBytes: 10_000 } });
    expect((await failure(client.fetchManifest(repository, absent))).code).toBe("TOO_LARGE");
    expect(sent).toBeLessThan(20_000);
    expect(cancelled).toBe(true);
  });
});

describe("fetchBlob", () => {
  const setUpBlob = async () => {
    const { client, spoil } = await setUp();
    const { digest, size } = await client.pushBlob(repository, toBytes("hello"));
    return { client, spoil, digest, size };
  };

  test("answers the bytes, or nothing", async () => {
    const { client, digest, size } = await setUpBlob();
    expect(await client.fetchBlob(repository, digest, { size })).toEqual(toBytes("hello"));
    expect(await client.fetchBlob(repository, absent)).toBeUndefined();
  });

  test.each([
    ["the cap", { maxBytes: 4 }, "TOO_LARGE"],
    ["the size named is over the cap", { maxBytes: 4, size: 5 }, "TOO_LARGE"],
    ["a shorter size named", { size: 4 }, "TOO_LARGE"],
    ["a longer size named", { size: 6 }, "DIGEST_MISMATCH"],
  ])("holds to %s", async (_, options, code) => {
    const { client, digest } = await setUpBlob();
    expect((await failure(client.fetchBlob(repository, digest, options))).code).toBe(code);
  });

  test("refuses other bytes of the same size", async () => {
    const { client, digest, size, spoil } = await setUpBlob();
    spoil({ alter: (reply) => ({ ...reply, body: toBytes("hellO") }) });
    expect((await failure(client.fetchBlob(repository, digest, { size }))).code).toBe("DIGEST_MISMATCH");
  });
});

describe("waiting", () => {
  const never: typeof globalThis.fetch = () => new Promise(() => undefined);
  const stalled = () => new Response(new ReadableStream({ pull: () => new Promise(() => undefined) }));

  test.each([
    ["no answer", never],
    ["no body", async () => stalled()],
  ])("%s ends at the timeout", async (_, fetch) => {
    const client = createClient({ fetch, timeoutMs: 20 });
    expect(await failure(client.fetchManifest(repository, absent))).toMatchObject({
      code: "TIMEOUT",
      retryable: true,
    });
  });

  test.each([
    ["no answer", never],
    ["no body", async () => stalled()],
  ])("%s ends when the caller gives up", async (_, fetch) => {
    const client = createClient({ fetch });
    const controller = new AbortController();
    const work = failure(client.fetchManifest(repository, absent, { signal: controller.signal }));
    controller.abort(new Error("enough"));
    expect(await work).toMatchObject({ code: "ABORTED", retryable: false });
  });

  test("a signal that fired before sends nothing", async () => {
    const { fetch, seen } = createScriptedFetch(() => respond(200));
    const call = { signal: AbortSignal.abort() };
    expect((await failure(createClient({ fetch }).resolveTag(repository, "v1", call))).code).toBe("ABORTED");
    expect(seen).toEqual([]);
  });

  test("a broken connection is worth a retry", async () => {
    const { client, digest, spoil } = await setUp();
    spoil({ hangUp: "before" });
    expect(await failure(client.fetchManifest(repository, digest))).toMatchObject({
      code: "NETWORK",
      retryable: true,
    });
  });
});

describe("error bodies", () => {
  test.each([
    ['{"errors":[{"code":"DENIED","message":"no\\nway"}]}', ["DENIED"]],
    ['{"code":"DENIED","message":"bare"}', ["DENIED"]],
    ['{"errors":[{"code":"<b>"},{"code":7},null,"x"]}', []],
    ["<html>", []],
    ["", []],
    [`{"errors":[{"code":"DENIED","message":"${"x".repeat(20_000)}"}]}`, []],
  ])("%.60s", async (body, specCodes) => {
    const { fetch } = createScriptedFetch(() => respond(403, body));
    const error = await failure(createClient({ fetch }).fetchManifest(repository, absent));
    expect(error).toMatchObject({ code: "DENIED", specCodes });
    expect(error.message).toMatch(/^[\x20-\x7e…]{10,400}$/);
  });

  test("TOOMANYREQUESTS counts whatever the status", async () => {
    const { fetch } = createScriptedFetch(() => respond(403, '{"errors":[{"code":"TOOMANYREQUESTS"}]}'));
    expect((await failure(createClient({ fetch }).fetchManifest(repository, absent))).code).toBe(
      "RATE_LIMITED",
    );
  });
});
