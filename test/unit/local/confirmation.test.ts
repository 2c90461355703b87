import { createHmac } from "node:crypto";
import { createClient } from "oras-js";
import { afterEach, expect, test } from "vitest";
import { pushArtifact } from "../../../functions/local/playground/artifacts.ts";
import { startLocalRuntime } from "../../../functions/local/runtime.ts";
import { parseConfig } from "../../../shared/config.ts";
import { startAppWorld } from "../../support/app-world.ts";

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const sign = (body: string, key: string): string => createHmac("sha256", key).update(body).digest("hex");

test("a cluster's own event closes the decision it is about, and one with another's signature does not", async () => {
  const { folder, registry, receiver, close } = await startAppWorld();
  cleanUps.push(close);
  const settings = {
    mode: "enforce",
    listen: { port: 0 },
    state: { path: "./sluice.db" },
    clusters: [
      {
        name: "c",
        manifests: { folder: "./manifests" },
        receiver: { baseUrl: receiver.url, token: { env: "TOKEN" }, allowPrivateAddresses: true },
        confirmation: { secrets: [{ env: "EVENTS" }] },
      },
    ],
    sources: [{ type: "sluice", secrets: [{ env: "PUSHES" }] }],
    rules: [{ repositories: `${registry}/**`, unverified: "allow" }],
    registries: { [registry]: { plainHttp: true, allowPrivateAddresses: true } },
  };
  const config = parseConfig(JSON.stringify(settings), { file: "sluice.yaml", baseFolder: folder });
  const env = { TOKEN: "t0ken", EVENTS: "events", PUSHES: "pushes" };
  const runtime = await startLocalRuntime(config, { env, log: () => {} });
  cleanUps.push(() => runtime.stop());

  const client = createClient({ plainHttp: () => true });
  const { repository, digest } = await pushArtifact(client, { registry, repository: "acme/app" }, "1.1.0");
  await client.tagManifest(repository, digest, "1.1.0");
  const recordsOf = async (kind: string) =>
    (await runtime.state.records({ limit: 100 })).filter((record) => record.kind === kind);
  const until = async (holds: () => Promise<boolean>): Promise<void> => {
    while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  // The baseline is taken first; then the version is sure to be news or what was there, and both can be confirmed.
  await until(async () => (await runtime.state.load("c/OCIRepository/apps/app")).version > 0);

  const body = JSON.stringify({
    involvedObject: {
      apiVersion: "source.toolkit.fluxcd.io/v1",
      kind: "OCIRepository",
      namespace: "apps",
      name: "app",
    },
    severity: "info",
    timestamp: new Date().toISOString(),
    reason: "NewArtifact",
    metadata: { revision: `1.1.0@${digest}` },
  });
  const send = async (key: string): Promise<number> => {
    const headers = { "content-type": "application/json", "x-signature": `sha256=${sign(body, key)}` };
    return (await fetch(`${runtime.address}/clusters/c/events`, { method: "POST", headers, body })).status;
  };
  expect(await send("t0ken")).toBe(401);
  expect(await send("events")).toBe(202);
  expect(await send("events")).toBe(202);
  await until(async () => (await recordsOf("confirmation")).length > 0);
  expect(await recordsOf("confirmation")).toMatchObject([{ outcome: "applied", tag: "1.1.0", digest }]);
});
