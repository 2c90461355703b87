import { describe, expect, test } from "vitest";
import { createClient, MEDIA_TYPE, sha256 } from "../index.ts";
import { pushImage, toBytes } from "./support/fixtures.ts";
import { codeOf, createServing, send } from "./support/serve.ts";

const serve = createServing();
const hello = toBytes("hello");
const digest = sha256(hello);

describe("end points", () => {
  test("say which API this is", async () => {
    const { base } = await serve();
    const response = await send(`${base}/v2/`, "GET");
    expect(response.status).toBe(200);
    expect(response.headers.get("docker-distribution-api-version")).toBe("registry/2.0");
  });

  test.each([
    ["GET", "/", 404],
    ["GET", "/v2/a/unknown/x", 404],
    ["GET", "/v2/A/tags/list", 400],
    ["GET", "/v2/a..b/tags/list", 400],
    ["GET", "/v2/a/tags/list", 404],
    ["POST", "/v2/a/tags/list", 405],
    ["GET", "/v2/a/manifests/v1", 404],
    ["POST", "/v2/a/manifests/v1", 405],
    ["GET", `/v2/a/blobs/${digest}`, 404],
    ["GET", "/v2/a/blobs/md5:00", 400],
    ["PUT", `/v2/a/blobs/${digest}`, 405],
    ["GET", "/v2/a/referrers/x", 400],
    ["GET", "/v2/a/blobs/uploads/none", 404],
    ["GET", "/token", 404],
    ["GET", "/v2/%E0%A4%A/tags/list", 404],
  ])("%s %s is %i", async (method, path, status) => {
    const { base } = await serve();
    expect((await send(`${base}${path}`, method)).status).toBe(status);
  });

  test("list repositories", async () => {
    const { base, host } = await serve();
    const client = createClient();
    for (const repository of ["b", "a/x"]) await client.pushBlob({ registry: host, repository }, hello);
    expect(await (await send(`${base}/v2/_catalog`, "GET")).json()).toEqual({ repositories: ["a/x", "b"] });
  });
});

describe("blobs", () => {
  const start = async (base: string, query = "") => {
    const response = await send(`${base}/v2/a/blobs/uploads/${query}`, "POST");
    return { response, location: `${base}${response.headers.get("location")}` };
  };

  test("in chunks", async () => {
    const { base } = await serve();
    const { location } = await start(base);
    const first = await send(location, "PATCH", "hel", { "content-range": "0-2" });
    expect([first.status, first.headers.get("range")]).toEqual([202, "0-2"]);
    expect((await send(location, "PATCH", "x", { "content-range": "7-7" })).status).toBe(416);
    const status = await send(location, "GET");
    expect([status.status, status.headers.get("range")]).toEqual([204, "0-2"]);
    expect((await send(location, "PATCH", "lo", { "content-range": "3-4" })).status).toBe(202);
    const put = await send(`${location}?digest=${digest}`, "PUT");
    expect([put.status, put.headers.get("docker-content-digest")]).toEqual([201, digest]);
    expect(await (await send(`${base}/v2/a/blobs/${digest}`, "GET")).text()).toBe("hello");
    expect((await send(location, "GET")).status).toBe(404);
  });

  test("in one request", async () => {
    const { base } = await serve();
    expect((await send(`${base}/v2/a/blobs/uploads/?digest=${digest}`, "POST", hello)).status).toBe(201);
    const head = await send(`${base}/v2/a/blobs/${digest}`, "HEAD");
    expect([head.status, head.headers.get("content-length")]).toEqual([200, "5"]);
  });

  test("are kept only under their own digest", async () => {
    const { base } = await serve();
    const { location } = await start(base);
    const response = await send(`${location}?digest=${digest}`, "PUT", "other");
    expect([response.status, await codeOf(response)]).toEqual([400, "DIGEST_INVALID"]);
    expect((await send(`${base}/v2/a/blobs/${digest}`, "HEAD")).status).toBe(404);
  });

  test("an upload can be called off", async () => {
    const { base } = await serve();
    const { location } = await start(base);
    expect((await send(location, "DELETE")).status).toBe(204);
    expect((await send(`${location}?digest=${digest}`, "PUT", hello)).status).toBe(404);
  });

  test.each([
    ["bytes=1-3", 206, "ell"],
    ["bytes=3-", 206, "lo"],
    ["bytes=3-99", 206, "lo"],
    ["bytes=9-", 416, undefined],
    ["bytes=3-1", 416, undefined],
  ])("%s is %i", async (range, status, text) => {
    const { base } = await serve();
    await send(`${base}/v2/a/blobs/uploads/?digest=${digest}`, "POST", hello);
    const response = await send(`${base}/v2/a/blobs/${digest}`, "GET", undefined, { range });
    expect(response.status).toBe(status);
    if (text !== undefined) expect(await response.text()).toBe(text);
  });

  test("belong to the repository they were pushed to, until mounted", async () => {
    const { base } = await serve();
    await send(`${base}/v2/a/blobs/uploads/?digest=${digest}`, "POST", hello);
    expect((await send(`${base}/v2/b/blobs/${digest}`, "HEAD")).status).toBe(404);
    expect((await send(`${base}/v2/b/blobs/uploads/?mount=${digest}&from=a`, "POST")).status).toBe(201);
    expect((await send(`${base}/v2/b/blobs/${digest}`, "HEAD")).status).toBe(200);
    expect((await send(`${base}/v2/b/blobs/uploads/?mount=${digest}&from=none`, "POST")).status).toBe(202);
  });

  test("are deleted", async () => {
    const { base } = await serve();
    await send(`${base}/v2/a/blobs/uploads/?digest=${digest}`, "POST", hello);
    expect((await send(`${base}/v2/a/blobs/${digest}`, "DELETE")).status).toBe(202);
    expect((await send(`${base}/v2/a/blobs/${digest}`, "DELETE")).status).toBe(404);
  });

  test.each([
    ["one blob", { blobBytes: 4 }],
    ["the store", { storeBytes: 4 }],
  ])("are refused over the cap of %s", async (_, limits) => {
    const { base } = await serve({ limits });
    expect((await send(`${base}/v2/a/blobs/uploads/?digest=${digest}`, "POST", hello)).status).toBe(413);
  });
});

describe("manifests", () => {
  const put = (
    base: string,
    reference: string,
    document: unknown,
    contentType: string = MEDIA_TYPE.ociManifest,
  ) => send(`${base}/v2/a/manifests/${reference}`, "PUT", toBytes(document), { "content-type": contentType });

  test.each([
    ["not JSON", "v1", "x", MEDIA_TYPE.ociManifest, "MANIFEST_INVALID"],
    ["not an object", "v1", [], MEDIA_TYPE.ociManifest, "MANIFEST_INVALID"],
    ["two media types", "v1", { mediaType: MEDIA_TYPE.ociIndex }, MEDIA_TYPE.ociManifest, "MANIFEST_INVALID"],
    ["another digest", digest, {}, MEDIA_TYPE.ociManifest, "DIGEST_INVALID"],
    ["no tag", "-v1", {}, MEDIA_TYPE.ociManifest, "TAG_INVALID"],
    ["an unknown layer", "v1", { layers: [{ digest }] }, MEDIA_TYPE.ociManifest, "MANIFEST_BLOB_UNKNOWN"],
    ["an unknown child", "v1", { manifests: [{ digest }] }, MEDIA_TYPE.ociIndex, "MANIFEST_BLOB_UNKNOWN"],
  ])("with %s are refused", async (_, reference, document, contentType, code) => {
    const { base } = await serve();
    expect(await codeOf(await put(base, reference, document, contentType))).toBe(code);
  });

  test("may name what is not there where the registry was told so", async () => {
    const { base } = await serve({ checkReferences: false });
    expect((await put(base, "v1", { layers: [{ digest }] })).status).toBe(201);
  });

  test("over the cap are refused", async () => {
    const { base } = await serve({ limits: { manifestBytes: 10 } });
    expect((await put(base, "v1", { annotations: { a: "b" } })).status).toBe(413);
  });

  test.each([
    [true, digest],
    [false, null],
  ])("with a subject: OCI-Subject where referrers are kept (%s)", async (referrers, expected) => {
    const { base } = await serve({ referrers });
    const response = await put(base, "v1", { subject: { digest } });
    expect(response.headers.get("oci-subject")).toBe(expected);
    expect((await send(`${base}/v2/a/referrers/${digest}`, "GET")).status).toBe(referrers ? 200 : 404);
  });

  test("HEAD says what GET says", async () => {
    const { base, host } = await serve();
    const pushed = await pushImage(createClient(), "v1", {}, { registry: host, repository: "a" });
    const [head, get] = await Promise.all(
      ["HEAD", "GET"].map((method) => send(`${base}/v2/a/manifests/v1`, method)),
    );
    for (const name of ["content-type", "content-length", "docker-content-digest"]) {
      expect(head?.headers.get(name)).toBe(get?.headers.get(name));
    }
    expect(get?.headers.get("docker-content-digest")).toBe(pushed);
    expect(await head?.text()).toBe("");
  });
});

test("tags come in byte order, by pages with a relative link", async () => {
  const { base, host } = await serve({ pageSize: 3 });
  const client = createClient();
  for (const tag of ["b", "B", "a", "_", "1"])
    await pushImage(client, tag, {}, { registry: host, repository: "a" });
  const first = await send(`${base}/v2/a/tags/list?n=9`, "GET");
  expect(await first.json()).toEqual({ name: "a", tags: ["1", "B", "_"] });
  expect(first.headers.get("link")).toBe('</v2/a/tags/list?n=3&last=_>; rel="next"');
  expect(await (await send(`${base}/v2/a/tags/list?n=0`, "GET")).json()).toEqual({ name: "a", tags: [] });
  expect((await send(`${base}/v2/a/tags/list?n=-1`, "GET")).status).toBe(400);
});

describe("faults", () => {
  test.each([
    ["before", 404],
    ["after", 200],
  ] as const)("a connection cut %s the work leaves the manifest at %i", async (hangUp, status) => {
    let cut = true;
    const { base } = await serve({
      faults: ({ method }) => (cut && method === "PUT" ? { hangUp } : undefined),
    });
    const put = send(`${base}/v2/a/manifests/v1`, "PUT", "{}", { "content-type": MEDIA_TYPE.ociManifest });
    await expect(put).rejects.toThrow();
    cut = false;
    expect((await send(`${base}/v2/a/manifests/v1`, "GET")).status).toBe(status);
  });

  test("answer in the registry's place, or with other bytes", async () => {
    const { base } = await serve({
      faults: ({ path }) =>
        path === "/v2/" ? { delayMs: 1, reply: { status: 429, headers: { "retry-after": "1" } } } : undefined,
    });
    const response = await send(`${base}/v2/`, "GET");
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "1"]);
    expect((await send(`${base}/v2/_catalog`, "GET")).status).toBe(200);
  });
});
