import { createServer } from "node:http";
import { describe, expect, test } from "vitest";
import { createClient, MEDIA_TYPE } from "../index.ts";
import { pushImage, toBytes, toManifest } from "./support/fixtures.ts";
import { createCleaner, createServing } from "./support/serve.ts";

const serve = createServing();
const closeLater = createCleaner();
const hello = toBytes("hello");

describe("notifications", () => {
  /** An end point that refuses the first `failures` requests and keeps what it takes. */
  const listenForEvents = async (failures = 0) => {
    const taken: { headers: Record<string, unknown>; body: { events: Record<string, never>[] } }[] = [];
    const asked: string[] = [];
    const server = createServer(async (request, response) => {
      const body = Buffer.concat(await Array.fromAsync(request)).toString();
      asked.push(body);
      if (asked.length <= failures) return response.writeHead(503).end();
      taken.push({ headers: request.headers, body: JSON.parse(body) });
      return response.writeHead(200).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closeLater(() => new Promise((resolve) => server.close(resolve)));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    return { url: `http://127.0.0.1:${port}/hook`, taken, asked };
  };

  test("tell of blobs and manifests as CNCF Distribution does", async () => {
    const hook = await listenForEvents();
    const endpoints = [{ url: hook.url, headers: { authorization: "Bearer s3cret" } }];
    const { host, registry, base } = await serve({ notifications: { endpoints } });
    const pushed = await pushImage(createClient(), "v1", {}, { registry: host, repository: "acme/app" });
    await registry.idle();
    expect(hook.taken.map(({ body }) => body.events.length)).toEqual([1, 1]);
    expect(hook.taken[1]?.headers).toMatchObject({
      "content-type": "application/vnd.docker.distribution.events.v2+json",
      authorization: "Bearer s3cret",
    });
    const [blob, manifest] = hook.taken.map(({ body }) => body.events[0]);
    expect(blob).toMatchObject({
      action: "push",
      target: { mediaType: "application/octet-stream", repository: "acme/app" },
    });
    const size = toManifest().bytes.byteLength;
    expect(manifest).toMatchObject({
      action: "push",
      target: {
        mediaType: MEDIA_TYPE.ociManifest,
        digest: pushed,
        size,
        length: size,
        repository: "acme/app",
        url: `${base}/v2/acme/app/manifests/${pushed}`,
        tag: "v1",
      },
      request: { host, method: "PUT", useragent: "oras-js/0.1" },
      actor: {},
    });
    expect(blob?.id).not.toBe(manifest?.id);
  });

  test("are tried again with the same body until taken", async () => {
    const hook = await listenForEvents(2);
    const { host, registry } = await serve({
      notifications: { endpoints: [{ url: hook.url }], backoffMs: 1 },
    });
    await createClient().pushBlob({ registry: host, repository: "a" }, hello);
    await registry.idle();
    expect(hook.asked).toHaveLength(3);
    expect(new Set(hook.asked).size).toBe(1);
    expect(hook.taken).toHaveLength(1);
  });

  test("are given up after a few tries, and that is told", async () => {
    const hook = await listenForEvents(99);
    const undelivered: string[] = [];
    const onUndelivered = (_: string, reason: string) => undelivered.push(reason);
    const notifications = { endpoints: [{ url: hook.url }], attempts: 2, backoffMs: 1, onUndelivered };
    const { host, registry } = await serve({ notifications });
    await createClient().pushBlob({ registry: host, repository: "a" }, hello);
    await registry.idle();
    expect(hook.asked).toHaveLength(2);
    expect(undelivered).toEqual(["HTTP 503"]);
  });

  test("name the user, and deletions", async () => {
    const hook = await listenForEvents();
    const auth = { kind: "basic", users: { robot: "secret" } } as const;
    const { host, registry } = await serve({ auth, notifications: { endpoints: [{ url: hook.url }] } });
    const client = createClient({ credentials: () => ({ username: "robot", password: "secret" }) });
    const name = { registry: host, repository: "a" };
    await pushImage(client, "v1", {}, name);
    await client.deleteTag(name, "v1");
    await registry.idle();
    expect(hook.taken.at(-1)?.body.events[0]).toMatchObject({
      action: "delete",
      target: { tag: "v1" },
      actor: { name: "robot" },
    });
  });
});
