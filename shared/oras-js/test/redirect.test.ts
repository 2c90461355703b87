import { describe, expect, test } from "vitest";
import { createClient, type Digest, sha256 } from "../index.ts";
import { failure, toBytes } from "./support/fixtures.ts";
import { createScriptedFetch, respond, respondJson } from "./support/scripted-fetch.ts";

const blob = toBytes("hello");
const digest: Digest = sha256(blob);
const repository = { registry: "registry.example.com", repository: "a" };
const credentials = () => ({ username: "u", password: "secret" });

const redirect = (location: string, status = 307): Response => respond(status, null, { location });

describe("redirects", () => {
  test.each([301, 302, 303, 307, 308])(
    "%i is followed to another host, without the credentials",
    async (status) => {
      const { fetch, seen } = createScriptedFetch(({ url, headers }) => {
        if (url.host === "blobs.example.net") return respond(200, blob);
        if (!headers.has("authorization")) return respond(401, null, { "www-authenticate": "Basic" });
        return redirect("https://blobs.example.net/x?X-Amz-Signature=s", status);
      });
      expect(await createClient({ fetch, credentials }).fetchBlob(repository, digest)).toEqual(blob);
      expect(seen.map(({ url, headers }) => [url.host, headers.has("authorization")])).toEqual([
        ["registry.example.com", false],
        ["registry.example.com", true],
        ["blobs.example.net", false],
      ]);
    },
  );

  test("one for a tag's digest is followed as well", async () => {
    const { fetch, seen } = createScriptedFetch(({ url }) =>
      url.host === "mirror.example.net"
        ? respond(200, null, { "docker-content-digest": digest })
        : redirect("https://mirror.example.net/v2/a/manifests/v1"),
    );
    expect(await createClient({ fetch }).resolveTag(repository, "v1")).toBe(digest);
    expect(seen.map(({ url }) => url.host)).toEqual(["registry.example.com", "mirror.example.net"]);
  });

  test("a registry that wants what we have not is asked once", async () => {
    const { fetch, seen } = createScriptedFetch(() => respond(401, null, { "www-authenticate": "Basic" }));
    const error = await failure(createClient({ fetch }).fetchBlob(repository, digest));
    expect(error).toMatchObject({ code: "UNAUTHORIZED", status: 401 });
    expect(error.message).toContain("there are no usable credentials");
    expect(seen).toHaveLength(1);
  });

  test("the same host under another port is another origin", async () => {
    const { fetch, seen } = createScriptedFetch(({ url, headers }) => {
      if (url.port === "8443") return respond(200, blob);
      return headers.has("authorization")
        ? redirect("https://registry.example.com:8443/x")
        : respond(401, null, { "www-authenticate": "Basic" });
    });
    await createClient({ fetch, credentials }).fetchBlob(repository, digest);
    expect(seen.at(-1)?.headers.has("authorization")).toBe(false);
  });

  test("back at the registry the credentials are sent again", async () => {
    const { fetch, seen } = createScriptedFetch(({ url, headers }) => {
      if (!headers.has("authorization")) return respond(401, null, { "www-authenticate": "Basic" });
      return url.pathname === "/other" ? respond(200, blob) : redirect("/other");
    });
    await createClient({ fetch, credentials }).fetchBlob(repository, digest);
    expect(seen.at(-1)?.headers.has("authorization")).toBe(true);
  });

  test("another host's challenge gets no credentials", async () => {
    const { fetch, seen } = createScriptedFetch(({ url }) =>
      url.host === "evil.example"
        ? respond(401, null, { "www-authenticate": "Basic" })
        : redirect("https://evil.example/x"),
    );
    expect((await failure(createClient({ fetch, credentials }).fetchBlob(repository, digest))).code).toBe(
      "UNAUTHORIZED",
    );
    expect(seen.filter(({ headers }) => headers.has("authorization"))).toEqual([]);
  });

  test.each([
    ["to plain HTTP", "http://blobs.example.net/x"],
    ["to a file", "file:///etc/passwd"],
    ["with credentials in it", "https://u:p@blobs.example.net/x"],
    ["with a user in it", "https://u@blobs.example.net/x"],
    ["with a password in it", "https://:p@blobs.example.net/x"],
    ["to a metadata service", "https://169.254.169.254/latest/meta-data"],
    ["to loopback", "https://127.0.0.1/x"],
    ["to loopback by name", "https://localhost/x"],
    ["to loopback, written oddly", "https://0x7f.1/x"],
    ["to loopback, mapped into IPv6", "https://[::ffff:7f00:1]/x"],
    ["to nowhere", "https://"],
  ])("one %s is refused", async (_, location) => {
    const { fetch, seen } = createScriptedFetch(() => redirect(location));
    expect((await failure(createClient({ fetch }).fetchBlob(repository, digest))).code).toBe(
      "REDIRECT_REFUSED",
    );
    expect(seen).toHaveLength(1);
  });

  test("one without Location is refused", async () => {
    const { fetch } = createScriptedFetch(() => respond(307));
    expect((await failure(createClient({ fetch }).fetchBlob(repository, digest))).code).toBe(
      "REDIRECT_REFUSED",
    );
  });

  test("a registry on a private address may name others", async () => {
    const { fetch } = createScriptedFetch(({ url }) =>
      url.host === "10.0.0.6" ? respond(200, blob) : redirect("https://10.0.0.6/x"),
    );
    const local = { registry: "10.0.0.5:5000", repository: "a" };
    expect(await createClient({ fetch }).fetchBlob(local, digest)).toEqual(blob);
  });

  test("they end", async () => {
    const { fetch, seen } = createScriptedFetch(({ url }) => redirect(`${url.pathname}x`));
    const client = createClient({ fetch, limits: { redirects: 3 } });
    expect((await failure(client.fetchBlob(repository, digest))).code).toBe("REDIRECT_REFUSED");
    expect(seen).toHaveLength(4);
  });

  test("a write is not sent elsewhere", async () => {
    const { fetch, seen } = createScriptedFetch(() => redirect("https://elsewhere.example/x"));
    const manifest = { mediaType: "application/vnd.oci.image.manifest.v1+json", bytes: toBytes("{}") };
    const error = await failure(createClient({ fetch }).pushManifest(repository, manifest, { tag: "v1" }));
    expect(error).toMatchObject({ code: "UNEXPECTED_STATUS", status: 307 });
    expect(seen).toHaveLength(1);
  });

  test("messages name signed addresses without their signature", async () => {
    const { fetch } = createScriptedFetch(({ url }) =>
      url.host === "blobs.example.net"
        ? respondJson(403, {})
        : redirect("https://blobs.example.net/x?X-Amz-Signature=topsecret"),
    );
    const { message } = await failure(createClient({ fetch }).fetchBlob(repository, digest));
    expect(message).toContain("https://blobs.example.net/x?X-Amz-Signature=…");
    expect(message).not.toContain("topsecret");
  });
});
