import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "oras-js";
import { createRegistry } from "oras-js/registry";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type PushedArtifact, signArtifact } from "../../../functions/local/playground/artifacts.ts";
import { createLocalSigstore } from "../../../functions/local/playground/sigstore/local-sigstore.ts";
import { toBlob } from "../../../functions/local/playground/sigstore/oci.ts";
import { type LocalRuntime, startLocalRuntime } from "../../../functions/local/runtime.ts";
import { parseConfig } from "../../../shared/config.ts";
import { packTar, tarEntry } from "../../support/tar.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const SECRET = "events-s3cret";

const toManifest = (range: string): string => `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: { name: app, namespace: apps }
spec: { interval: 60m, url: "oci://registry.test/acme/app", ref: { semver: "${range}" } }
`;

describe("manifests from an artifact made by flux push artifact", () => {
  const cleanUps: (() => Promise<unknown>)[] = [];
  const sigstore = createLocalSigstore({ nowMs: Date.now });
  const client = createClient({ plainHttp: () => true });
  const endpoints: { url: string; headers: Record<string, string> }[] = [];
  let registry = "";
  let folder = "";

  beforeEach(async () => {
    endpoints.length = 0;
    folder = await mkdtemp(join(tmpdir(), "sluice-artifact-"));
    cleanUps.push(() => rm(folder, { recursive: true, force: true }));
    const server = createRegistry({ notifications: { endpoints } });
    registry = await server.listen();
    cleanUps.push(() => server.close());
    await writeFile(join(folder, "trusted_root.json"), sigstore.trustedRootJson);
  });

  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  const push = async (range: string, created: string): Promise<PushedArtifact> => {
    const repository = { registry, repository: "acme/manifests" };
    const layer = toBlob(
      packTar(tarEntry("./app.yaml", toManifest(range))),
      "application/vnd.cncf.flux.content.v1.tar+gzip",
    );
    const config = toBlob(Buffer.from("{}"), "application/vnd.cncf.flux.config.v1+json");
    for (const { bytes } of [layer, config]) await client.pushBlob(repository, bytes);
    const describeBlob = ({ mediaType, digest, bytes }: typeof layer) => ({
      mediaType,
      digest,
      size: bytes.length,
    });
    const manifest = {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: describeBlob(config),
      layers: [describeBlob(layer)],
      annotations: { "org.opencontainers.image.created": created },
    };
    const { digest, bytes } = toBlob(Buffer.from(JSON.stringify(manifest)), MANIFEST);
    await client.pushManifest(repository, { mediaType: MANIFEST, bytes }, { tag: "production" });
    return { repository, digest, mediaType: MANIFEST, bytes };
  };

  const sign = (artifact: PushedArtifact, by = "acme/fleet") =>
    signArtifact(client, sigstore, artifact, { repository: by, ref: "refs/heads/main" });

  const start = async (): Promise<LocalRuntime> => {
    const settings = {
      mode: "observe",
      listen: { port: 0 },
      state: { path: "./sluice.db" },
      clusters: [
        {
          name: "c",
          manifests: {
            artifact: `oci://${registry}/acme/manifests:production`,
            identities: [
              { issuer: "^https://token\\.actions", subject: "^https://github\\.com/acme/fleet/" },
            ],
          },
        },
      ],
      sources: [{ type: "distribution", secrets: [{ env: "SECRET" }] }],
      trustedRoots: { default: "./trusted_root.json" },
      registries: { [registry]: { plainHttp: true, allowPrivateAddresses: true } },
    };
    const config = parseConfig(JSON.stringify(settings), { file: "sluice.yaml", baseFolder: folder });
    const runtime = await startLocalRuntime(config, { env: { SECRET }, log: () => {} });
    cleanUps.push(() => runtime.stop());
    endpoints.push({
      url: `${runtime.address}/events/distribution`,
      headers: { authorization: `Bearer ${SECRET}` },
    });
    return runtime;
  };

  const versionOf = async ({ address }: LocalRuntime): Promise<unknown> => {
    const health: unknown = await fetch(`${address}/healthz`).then((response) => response.json());
    return Reflect.get(Object(health), "catalog");
  };

  const awaitChange = async (runtime: LocalRuntime, before: unknown): Promise<unknown> => {
    for (;;) {
      const version = await versionOf(runtime);
      if (version !== before) return version;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  };

  const settle = () => new Promise((resolve) => setTimeout(resolve, 400));

  test("are refused unsigned, or signed by somebody else", async () => {
    const artifact = await push("1.x", "2026-01-01T00:00:00Z");
    await expect(start()).rejects.toThrowError(/not verified \(unsigned\)/);
    await sign(artifact, "mallory/fleet");
    await expect(start()).rejects.toThrowError(/not verified \(identity-mismatch\)/);
  });

  test("are read again as soon as their signature is pushed, and never an older one after a newer", async () => {
    await sign(await push("1.x", "2026-01-01T00:00:00Z"));
    const runtime = await start();
    const first = await versionOf(runtime);

    const second = await push("2.x", "2026-02-01T00:00:00Z");
    await settle();
    expect(await versionOf(runtime), "unsigned: the last good one stays").toBe(first);
    await sign(second);
    const changed = await awaitChange(runtime, first);

    // Yesterday's rules, properly signed, pushed again under the same tag.
    await sign(await push("*", "2026-01-15T00:00:00Z"));
    await settle();
    expect(await versionOf(runtime)).toBe(changed);
  });
});
