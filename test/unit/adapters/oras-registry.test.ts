import { createClient, MEDIA_TYPE, OrasError, type OrasErrorCode, sha256 } from "oras-js";
import { createRegistry } from "oras-js/registry";
import { describe, expect, test } from "vitest";
import { createOrasRegistryReader } from "../../../shared/adapters/node/oras-registry.ts";
import type { Digest } from "../../../shared/artifact/digest.ts";
import { PipelineError } from "../../../shared/errors.ts";

const name = { registry: "registry.example.com", repository: "acme/app" };
const absent: Digest = `sha256:${"0".repeat(64)}`;
const { signal } = new AbortController();
const toBytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const setUp = async (referrers = true) => {
  const registry = createRegistry({ referrers, checkReferences: false });
  const client = createClient({ fetch: registry.fetch });
  const push = (document: unknown, tag?: string) =>
    client.pushManifest(
      name,
      { mediaType: MEDIA_TYPE.ociManifest, bytes: toBytes(document) },
      tag === undefined ? {} : { tag },
    ) as Promise<Digest>;
  const digest = await push({ mediaType: MEDIA_TYPE.ociManifest, layers: [] }, "v1");
  return { client, push, digest, reader: createOrasRegistryReader(client) };
};

const answering = (response: () => Response | Promise<Response>) =>
  createOrasRegistryReader(createClient({ fetch: async () => response(), timeoutMs: 50 }));

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "nothing",
    (error: unknown) => (error instanceof PipelineError ? error.code : `not ours: ${error}`),
  );

describe("what is there", () => {
  test("is read by tag and by digest", async () => {
    const { reader, digest, client } = await setUp();
    expect(await reader.resolveTag(name, "v1", signal)).toBe(digest);
    expect(await reader.fetchManifest({ ...name, digest }, signal)).toMatchObject({ digest });
    expect(await reader.fetchManifestByTag(name, "v1", signal)).toMatchObject({ digest });
    expect(await Array.fromAsync(reader.listTags(name, signal))).toEqual(["v1"]);
    const bytes = toBytes("blob");
    await client.pushBlob(name, bytes);
    const blob = { ...name, digest: sha256(bytes) as Digest };
    expect(await reader.fetchBlob(blob, 100, signal)).toEqual(bytes);
    expect(await codeOf(reader.fetchBlob(blob, 3, signal))).toBe("REGISTRY_TOO_LARGE");
  });

  test.each([true, false])("refers to its subject (referrers API: %s)", async (referrers) => {
    const { reader, push, digest } = await setUp(referrers);
    const evidence = await push({ artifactType: "application/x", subject: { digest } });
    expect(await reader.listReferrers({ ...name, digest }, signal)).toMatchObject([{ digest: evidence }]);
  });
});

test("what is not there is undefined or empty", async () => {
  const { reader } = await setUp();
  const artifact = { ...name, digest: absent };
  expect(await reader.resolveTag(name, "v2", signal)).toBeUndefined();
  expect(await reader.fetchManifest(artifact, signal)).toBeUndefined();
  expect(await reader.fetchManifestByTag(name, "v2", signal)).toBeUndefined();
  expect(await reader.fetchBlob(artifact, 100, signal)).toBeUndefined();
  expect(await reader.listReferrers(artifact, signal)).toEqual([]);
  expect(await Array.fromAsync(reader.listTags({ ...name, repository: "no/such" }, signal))).toEqual([]);
});

describe("what leaves the question open", () => {
  test.each([
    [401, "REGISTRY_DENIED"],
    [403, "REGISTRY_DENIED"],
    [429, "REGISTRY_UNAVAILABLE"],
    [500, "REGISTRY_UNAVAILABLE"],
    [418, "REGISTRY_UNAVAILABLE"],
  ])("HTTP %i is %s everywhere", async (status, code) => {
    const reader = answering(() => new Response(null, { status }));
    const artifact = { ...name, digest: absent };
    expect(await codeOf(reader.resolveTag(name, "v1", signal))).toBe(code);
    expect(await codeOf(reader.fetchManifest(artifact, signal))).toBe(code);
    expect(await codeOf(reader.fetchManifestByTag(name, "v1", signal))).toBe(code);
    expect(await codeOf(reader.fetchBlob(artifact, 100, signal))).toBe(code);
    expect(await codeOf(reader.listReferrers(artifact, signal))).toBe(code);
    expect(await codeOf(Array.fromAsync(reader.listTags(name, signal)))).toBe(code);
  });

  test.each<[string, () => Response | Promise<Response>, string]>([
    ["other bytes", () => new Response("{}"), "REGISTRY_DIGEST_MISMATCH"],
    ["silence", () => new Promise(() => undefined), "REGISTRY_UNAVAILABLE"],
    ["no connection", () => Promise.reject(new TypeError("fetch failed")), "REGISTRY_UNAVAILABLE"],
    ["a private redirect", () => Response.redirect("https://127.0.0.1/x", 307), "REGISTRY_UNAVAILABLE"],
    ["too much", () => new Response(new Uint8Array(5_000_000)), "REGISTRY_TOO_LARGE"],
  ])("%s", async (_, response, code) => {
    expect(await codeOf(answering(response).fetchManifest({ ...name, digest: absent }, signal))).toBe(code);
  });

  test("no connection says why, and what to check", async () => {
    const refused = new TypeError("fetch failed", {
      cause: Object.assign(new Error("connect"), { code: "ECONNREFUSED" }),
    });
    const reader = answering(() => Promise.reject(refused));
    await expect(reader.resolveTag(name, "v1", signal)).rejects.toThrowError(
      /: no connection \(ECONNREFUSED\); check the host, and that it answers from here$/,
    );
  });

  test("an address that our own fetch refuses", async () => {
    const refused = new PipelineError("10.0.0.1 is private", { code: "RECEIVER_ADDRESS_REFUSED" });
    const reader = answering(() => Promise.reject(refused));
    expect(await codeOf(reader.resolveTag(name, "v1", signal))).toBe("RECEIVER_ADDRESS_REFUSED");
  });

  test("a call that is given up", async () => {
    const { reader } = await setUp();
    expect(await codeOf(reader.resolveTag(name, "v1", AbortSignal.abort()))).toBe("REGISTRY_UNAVAILABLE");
  });

  test("the registry's wish to wait is passed on", async () => {
    const reader = answering(() => new Response(null, { status: 429, headers: { "retry-after": "7" } }));
    await expect(reader.resolveTag(name, "v1", signal)).rejects.toMatchObject({ retryAfterMs: 7_000 });
  });
});

test("what someone pushed to break the reading is theirs, and not tried for ever", async () => {
  const { reader, client, digest } = await setUp(false);
  const bytes = toBytes({ mediaType: MEDIA_TYPE.ociIndex, manifests: "x" });
  const tag = digest.replace(":", "-");
  await client.pushManifest(name, { mediaType: MEDIA_TYPE.ociIndex, bytes }, { tag });
  const work = reader.listReferrers({ ...name, digest }, signal);
  await expect(work).rejects.toMatchObject({ code: "MANIFEST_INVALID", disposition: "drop" });
});

test("a digest by another algorithm is neither evidence nor an answer", async () => {
  const sha512 = `sha512:${"0".repeat(128)}`;
  const entries = [{ mediaType: "a/b", digest: sha512, size: 1 }];
  const listing = answering(
    () =>
      new Response(JSON.stringify({ manifests: entries }), {
        headers: { "content-type": MEDIA_TYPE.ociIndex },
      }),
  );
  expect(await listing.listReferrers({ ...name, digest: absent }, signal)).toEqual([]);
  const resolving = answering(() => new Response("{}", { headers: { "docker-content-digest": sha512 } }));
  expect(await resolving.resolveTag(name, "v1", signal)).toBe(sha256(new TextEncoder().encode("{}")));
});

test.each<[OrasErrorCode, string]>([
  ["REFERENCE_INVALID", "REFERENCE_INVALID"],
  ["CREDENTIALS_FAILED", "SECRET_UNAVAILABLE"],
  ["REALM_REFUSED", "REGISTRY_DENIED"],
  ["PAGING_REFUSED", "REGISTRY_UNAVAILABLE"],
])("%s becomes %s and stays the cause", async (code, expected) => {
  const cause = new OrasError("x", { code });
  const client = { ...createClient(), resolveTag: () => Promise.reject(cause) };
  const work = createOrasRegistryReader(client).resolveTag(name, "v1", signal);
  await expect(work).rejects.toMatchObject({ code: expected, cause });
});
