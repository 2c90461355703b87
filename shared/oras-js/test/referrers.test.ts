import { describe, expect, test } from "vitest";
import { createClient, type Digest, fallbackTagOf, MEDIA_TYPE } from "../index.ts";
import { createRegistry } from "../registry/create-registry.ts";
import { failure, pushImage, pushReferrer, repository, toBytes, toManifest } from "./support/fixtures.ts";
import { createScriptedFetch, respond, respondJson } from "./support/scripted-fetch.ts";

const subject: Digest = `sha256:${"1".repeat(64)}`;
const index = (entries: readonly unknown[]) => ({
  schemaVersion: 2,
  mediaType: MEDIA_TYPE.ociIndex,
  manifests: entries,
});
const asIndex = { "content-type": MEDIA_TYPE.ociIndex };
const entry = (n: number, artifactType = "application/x") => ({
  mediaType: MEDIA_TYPE.ociManifest,
  digest: `sha256:${n.toString(16).padStart(64, "0")}`,
  size: 1,
  artifactType,
});
const names = (list: readonly { readonly annotations?: Readonly<Record<string, string>> }[]) =>
  list.map(({ annotations }) => annotations?.name).sort();

describe.each([
  ["referrers API", true],
  ["fallback tag", false],
])("by %s", (_, referrers) => {
  const setUp = async (pageSize = 100) => {
    const client = createClient({ fetch: createRegistry({ referrers, pageSize }).fetch });
    return { client, digest: await pushImage(client, "v1") };
  };

  test("lists what was pushed with this subject", async () => {
    const { client, digest } = await setUp();
    const other = await pushImage(client, "v2", { annotations: { other: "" } });
    await pushReferrer(client, digest, "one");
    await pushReferrer(client, digest, "two");
    await pushReferrer(client, other, "three");
    expect(names(await client.listReferrers(repository, digest))).toEqual(["one", "two"]);
  });

  test("lists each once, however often it was pushed", async () => {
    const { client, digest } = await setUp();
    await pushReferrer(client, digest, "one");
    await pushReferrer(client, digest, "one");
    expect(await client.listReferrers(repository, digest)).toHaveLength(1);
  });

  test("pushes at the same time do not lose each other's entries", async () => {
    const { client, digest } = await setUp();
    await Promise.all(
      ["one", "two", "three", "four", "five"].map((name) => pushReferrer(client, digest, name)),
    );
    expect(await client.listReferrers(repository, digest)).toHaveLength(5);
  });

  test("filters by type where asked", async () => {
    const { client, digest } = await setUp();
    await pushReferrer(client, digest, "one", "application/x");
    await pushReferrer(client, digest, "two", "application/y+json");
    const found = await client.listReferrers(repository, digest, { artifactType: "application/y+json" });
    expect(names(found)).toEqual(["two"]);
  });

  test("nothing for an unknown subject or repository", async () => {
    const { client } = await setUp();
    expect(await client.listReferrers(repository, subject)).toEqual([]);
    expect(await client.listReferrers({ ...repository, repository: "no/such" }, subject)).toEqual([]);
  });

  test("more than the cap is an error, not a shorter list", async () => {
    const registry = createRegistry({ referrers });
    const client = createClient({ fetch: registry.fetch, limits: { referrers: 2 } });
    const digest = await pushImage(client, "v1");
    for (const name of ["one", "two", "three"]) await pushReferrer(client, digest, name);
    expect((await failure(client.listReferrers(repository, digest))).code).toBe("TOO_LARGE");
  });
});

test("follows the pages of the API", async () => {
  const client = createClient({ fetch: createRegistry({ pageSize: 2 }).fetch });
  const digest = await pushImage(client, "v1");
  for (const name of ["a", "b", "c", "d", "e"]) await pushReferrer(client, digest, name);
  expect(names(await client.listReferrers(repository, digest))).toEqual(["a", "b", "c", "d", "e"]);
});

describe("when the API is not there", () => {
  const list = (first: () => Response, fallback: () => Response = () => respond(404)) => {
    const { fetch, seen } = createScriptedFetch(({ url }) =>
      url.pathname.includes("/referrers/") ? first() : fallback(),
    );
    return { work: createClient({ fetch }).listReferrers(repository, subject), seen };
  };

  test.each([
    ["404", () => respond(404)],
    ["400", () => respond(400)],
    ["405", () => respond(405)],
    ["406", () => respond(406)],
    ["a web page", () => respond(200, "<html>", { "content-type": "text/html" })],
    ["JSON of another type", () => respondJson(200, index([entry(1)]))],
    ["nothing", () => respond(200)],
  ])("%s leads to the fallback tag", async (_, answer) => {
    const { work, seen } = list(answer, () => respondJson(200, index([entry(1)]), asIndex));
    expect(await work).toHaveLength(1);
    expect(seen[1]?.url.pathname).toBe(`/v2/acme/app/manifests/sha256-${"1".repeat(64)}`);
  });

  test.each([
    [401, "UNAUTHORIZED"],
    [403, "DENIED"],
    [429, "RATE_LIMITED"],
    [500, "UNAVAILABLE"],
  ])("%i leaves the question open", async (status, code) => {
    expect((await failure(list(() => respond(status)).work)).code).toBe(code);
    expect(
      (
        await failure(
          list(
            () => respond(404),
            () => respond(status),
          ).work,
        )
      ).code,
    ).toBe(code);
  });

  test("a manifest that someone put under the fallback tag refers to nothing", async () => {
    const image = toManifest({ manifests: [entry(1)] });
    const { work } = list(
      () => respond(404),
      () => respond(200, image.bytes, { "content-type": image.mediaType }),
    );
    expect(await work).toEqual([]);
  });

  test("a broken index under the fallback tag is the pusher's fault", async () => {
    const { work } = list(
      () => respond(404),
      () => respondJson(200, { ...index([]), manifests: "x" }, asIndex),
    );
    expect((await failure(work)).code).toBe("MANIFEST_INVALID");
  });
});

describe("hostile answers", () => {
  const listFrom = (answer: (n: number) => Response, limits = {}) => {
    const { fetch, seen } = createScriptedFetch((_, n) => answer(n));
    return { work: createClient({ fetch, limits }).listReferrers(repository, subject), seen };
  };

  test("entries that could not be fetched by digest are left out", async () => {
    const entries = [
      entry(1),
      null,
      "x",
      {},
      { ...entry(2), digest: "sha256:../../x" },
      { ...entry(3), digest: `md5:${"0".repeat(32)}` },
      { ...entry(4), size: -1 },
      { ...entry(5), size: 1.5 },
      { ...entry(6), mediaType: 7 },
      { ...entry(7), artifactType: 7, annotations: { a: 1, b: "x" } },
    ];
    const found = await listFrom(() => respondJson(200, index(entries), asIndex)).work;
    expect(found.map(({ digest }) => digest)).toEqual([entry(1).digest, entry(7).digest]);
    expect(found[1]).toMatchObject({ annotations: { b: "x" } });
    expect(found[1]).not.toHaveProperty("artifactType");
  });

  test.each(["{", "[]", "null", '{"manifests":{}}'])("the body %s is an error", async (body) => {
    expect((await failure(listFrom(() => respond(200, body, asIndex)).work)).code).toBe("RESPONSE_MALFORMED");
  });

  test("types are checked here unless the registry says that it did", async () => {
    const answer = (headers: Record<string, string>) => {
      const { fetch } = createScriptedFetch(() =>
        respondJson(200, index([entry(1, "application/x"), entry(2, "application/y")]), {
          ...asIndex,
          ...headers,
        }),
      );
      return createClient({ fetch }).listReferrers(repository, subject, { artifactType: "application/x" });
    };
    expect(await answer({})).toHaveLength(1);
    expect(await answer({ "oci-filters-applied": "other, artifactType" })).toHaveLength(2);
  });

  test("pages that lead in a circle end", async () => {
    const { work, seen } = listFrom((n) =>
      respondJson(200, index([]), { ...asIndex, link: `<?page=${n % 3}>; rel="next"` }),
    );
    expect((await failure(work)).code).toBe("PAGING_REFUSED");
    expect(seen.length).toBeLessThan(6);
  });

  test("pages without end end", async () => {
    const { work, seen } = listFrom(
      (n) => respondJson(200, index([]), { ...asIndex, link: `<?page=${n}>; rel="next"` }),
      { referrerPages: 7 },
    );
    expect((await failure(work)).code).toBe("TOO_LARGE");
    expect(seen).toHaveLength(7);
  });

  test("a page elsewhere is not asked", async () => {
    const { work, seen } = listFrom(() =>
      respondJson(200, index([]), { ...asIndex, link: '<https://evil.example/>; rel="next"' }),
    );
    expect((await failure(work)).code).toBe("PAGING_REFUSED");
    expect(seen).toHaveLength(1);
  });

  test("a page that is missing in the middle is not the end of the list", async () => {
    const { work } = listFrom((n) =>
      n === 0
        ? respondJson(200, index([entry(1)]), { ...asIndex, link: '<?page=1>; rel="next"' })
        : respond(404),
    );
    expect((await failure(work)).code).toBe("RESPONSE_MALFORMED");
  });
});

describe("the fallback index", () => {
  const setUp = async () => {
    const client = createClient({ fetch: createRegistry({ referrers: false }).fetch });
    return { client, digest: await pushImage(client, "v1") };
  };

  test("keeps what others wrote into it", async () => {
    const { client, digest } = await setUp();
    const mine = await pushReferrer(client, digest, "one");
    const tag = fallbackTagOf(digest);
    const written = await client.fetchManifestByTag(repository, tag);
    const document = JSON.parse(new TextDecoder().decode(written?.bytes));
    const marked = { ...document, annotations: { keep: "me" } };
    await client.pushManifest(
      repository,
      { mediaType: MEDIA_TYPE.ociIndex, bytes: toBytes(marked) },
      { tag },
    );
    await pushReferrer(client, digest, "two");
    const after = JSON.parse(
      new TextDecoder().decode((await client.fetchManifestByTag(repository, tag))?.bytes),
    );
    expect(after.annotations).toEqual({ keep: "me" });
    expect(after.manifests).toHaveLength(2);
    expect(after.manifests[0]).toMatchObject({
      digest: mine,
      artifactType: "application/x",
      annotations: { name: "one" },
    });
  });

  test("does not replace an image that lives under its tag", async () => {
    const { client, digest } = await setUp();
    await pushImage(client, fallbackTagOf(digest), { annotations: { other: "" } });
    expect((await failure(pushReferrer(client, digest, "one"))).code).toBe("MANIFEST_INVALID");
  });

  test("is not written where the registry keeps referrers itself", async () => {
    const client = createClient({ fetch: createRegistry().fetch });
    const digest = await pushImage(client, "v1");
    await pushReferrer(client, digest, "one");
    expect(await Array.fromAsync(client.listTags(repository))).toEqual(["v1"]);
  });

  test("a writer that loses its entry to another writes it again, and gives up in the end", async () => {
    const { fetch, seen } = createScriptedFetch(({ method, url }) => {
      if (method === "PUT") return respond(201);
      return url.pathname.includes("/manifests/sha256-")
        ? respondJson(200, index([]), asIndex)
        : respond(404);
    });
    expect((await failure(pushReferrer(createClient({ fetch }), subject, "one"))).code).toBe(
      "FALLBACK_CONFLICT",
    );
    expect(seen.filter(({ method }) => method === "PUT").length).toBeLessThan(8);
  });

  test("cuts the hex of a long digest as the spec says", () => {
    expect(fallbackTagOf(`sha512:${"ab".repeat(64)}`)).toBe(`sha512-${"ab".repeat(32)}`);
  });
});
