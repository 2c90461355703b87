import { createHmac } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "oras-js";
import { createRegistry } from "oras-js/registry";
import { afterEach, beforeEach, expect, test } from "vitest";
import { pushArtifact } from "../../../functions/local/playground/artifacts.ts";
import { createLocalSigstore } from "../../../functions/local/playground/sigstore/local-sigstore.ts";
import { type LocalRuntime, startLocalRuntime } from "../../../functions/local/runtime.ts";
import { parseConfig } from "../../../shared/config.ts";
import { type Authority, createAuthority } from "../adapters/certificates.ts";
import { closeServers, listen } from "../adapters/http-server.ts";

const KEY_BYTES = Buffer.alloc(32, 9);
const ENV = { SECRET: "events-s3cret", KEY: `whsec_${KEY_BYTES.toString("base64")}` };

interface Heard {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

const cleanUps: (() => Promise<unknown>)[] = [];
let folder = "";
let registry = "";
let authority: Authority;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-feeds-"));
  cleanUps.push(() => rm(folder, { recursive: true, force: true }), closeServers);
  const server = createRegistry();
  registry = await server.listen();
  cleanUps.push(() => server.close());
  authority = createAuthority("test");
  await writeFile(join(folder, "ca.pem"), authority.certificate);
  await writeFile(join(folder, "root.json"), createLocalSigstore({ nowMs: Date.now }).trustedRootJson);
  await mkdir(join(folder, "manifests"));
  await writeFile(
    join(folder, "manifests", "app.yaml"),
    `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: { name: app, namespace: apps }
spec: { interval: 60m, url: "oci://${registry}/acme/app", ref: { semver: "1.x" } }
`,
  );
});

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** An HTTPS endpoint that takes what it gets, unless `answer` says otherwise. */
const serve = async (answer: () => number = () => 204) => {
  const heard: Heard[] = [];
  const { certificate, key } = authority.issue("localhost");
  const { port } = await listen(
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        heard.push({ headers: request.headers, text: Buffer.concat(chunks).toString() });
        const status = answer();
        // 0: hangs.
        if (status !== 0) response.writeHead(status).end();
      });
    },
    { cert: certificate, key },
  );
  return { heard, url: `https://localhost:${port}/decisions` };
};

const start = async (endpoints: readonly unknown[], mode = "observe"): Promise<LocalRuntime> => {
  const settings = {
    mode,
    listen: { port: 0 },
    state: { path: "./sluice.db" },
    clusters: [{ name: "c", manifests: { folder: "./manifests" } }],
    sources: [{ type: "distribution", secrets: [{ env: "SECRET" }] }],
    rules: [{ repositories: `${registry}/**`, identities: [{ issuer: "^i$", subject: "^s$" }] }],
    trustedRoots: { default: "./root.json" },
    evidence: { deadline: "1s" },
    registries: { [registry]: { plainHttp: true, allowPrivateAddresses: true } },
    endpoints,
  };
  const config = parseConfig(JSON.stringify(settings), { file: "sluice.yaml", baseFolder: folder });
  return startLocalRuntime(config, { env: ENV, log: () => {} });
};

const toEndpoint = (name: string, url: string, changes: Record<string, unknown> = {}) => ({
  name,
  url,
  secrets: [{ env: "KEY" }],
  ca: "ca.pem",
  allowPrivateAddresses: true,
  decisions: ["reject"],
  ...changes,
});

const pushUnsigned = async ({ address }: LocalRuntime, tag: string): Promise<string> => {
  const client = createClient({ plainHttp: () => true });
  const { repository, digest } = await pushArtifact(client, { registry, repository: "acme/app" }, tag);
  await client.tagManifest(repository, digest, tag);
  const target = {
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest,
    repository: "acme/app",
    tag,
  };
  const events = [{ id: `${tag}-${digest}`, action: "push", target, request: { host: registry } }];
  const response = await fetch(`${address}/events/distribution`, {
    method: "POST",
    headers: { authorization: `Bearer ${ENV.SECRET}` },
    body: JSON.stringify({ events }),
  });
  expect(response.status).toBe(202);
  return digest;
};

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
};

/** As a consumer of Standard Webhooks does it. */
const verify = ({ headers, text }: Heard): Record<string, unknown> => {
  const { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": signature } = headers;
  const mac = createHmac("sha256", KEY_BYTES).update(`${id}.${time}.${text}`).digest("base64");
  expect(signature).toBe(`v1,${mac}`);
  const body: unknown = JSON.parse(text);
  expect(body).toMatchObject({ id, type: "sluice.decision", version: 1 });
  return body as Record<string, unknown>;
};

test("what stays unsigned reaches the endpoint once its time is over, signed, also in observe mode", async () => {
  const pager = await serve();
  const bot = await serve();
  const runtime = await start([
    toEndpoint("pager", pager.url, { decisions: ["wait", "reject"] }),
    toEndpoint("bot", bot.url, { decisions: ["notify"] }),
  ]);
  cleanUps.push(() => runtime.stop());
  const digest = await pushUnsigned(runtime, "1.0.0");
  await until(() => pager.heard.length >= 2);
  const bodies = pager.heard.map(verify);
  const version = { tag: "1.0.0", digest, subscription: "c/OCIRepository/apps/app" };
  expect(bodies).toMatchObject([
    { receiver: "endpoint/pager", decision: { outcome: "wait", reason: "unsigned", ...version } },
    { receiver: "endpoint/pager", decision: { outcome: "reject", reason: "unsigned", ...version } },
  ]);
  expect(bot.heard).toEqual([]);
});

test("as a CloudEvent it says what it is", async () => {
  const pager = await serve();
  const runtime = await start([toEndpoint("pager", pager.url, { format: "cloudevents-structured" })]);
  cleanUps.push(() => runtime.stop());
  await pushUnsigned(runtime, "1.0.0");
  await until(() => pager.heard.length > 0);
  const event: unknown = JSON.parse(pager.heard[0]?.text ?? "");
  expect(event).toMatchObject({
    specversion: "1.0",
    type: "sluice.decision",
    subject: "endpoint/pager",
    data: { type: "sluice.decision", decision: { outcome: "reject", reason: "unsigned" } },
  });
});

test("one that hangs costs the others nothing, and hears of it after a restart", async () => {
  let status = 0;
  const dead = await serve(() => status);
  const pager = await serve();
  const endpoints = [toEndpoint("dead", dead.url), toEndpoint("pager", pager.url)];
  const first = await start(endpoints);
  await pushUnsigned(first, "1.0.0");
  // A newer version would end the wait for this one's signature.
  await until(() => pager.heard.length >= 1);
  await pushUnsigned(first, "1.1.0");
  await until(() => pager.heard.length >= 2 && dead.heard.length >= 1);
  await first.stop();
  status = 204;
  const second = await start(endpoints);
  cleanUps.push(() => second.stop());
  await until(() => dead.heard.length >= 3);
  const tags = (heard: readonly Heard[]) =>
    heard.map((one) => (JSON.parse(one.text) as { decision: { tag: string } }).decision.tag);
  // What hung had arrived: the same comes again, under the same id.
  expect(tags(dead.heard)).toEqual(["1.0.0", "1.0.0", "1.1.0"]);
  expect(dead.heard[0]?.headers["webhook-id"]).toBe(dead.heard[1]?.headers["webhook-id"]);
  // The stop may have come before its last answer was noted.
  const once = new Map(pager.heard.map((one) => [one.headers["webhook-id"], one]));
  expect(tags([...once.values()])).toEqual(["1.0.0", "1.1.0"]);
});
