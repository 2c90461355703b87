import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient, type Repository } from "oras-js";
import { createRegistry } from "oras-js/registry";
import { readConfigText } from "../../../shared/adapters/node/config-file.ts";
import { parseConfig } from "../../../shared/config.ts";
import type { Log } from "../../../shared/pipeline/deps.ts";
import { type LocalRuntime, startLocalRuntime } from "../runtime.ts";
import { type ReceiverDouble, startReceiverDouble } from "./receiver.ts";
import { createLocalSigstore, type LocalSigstore } from "./sigstore/local-sigstore.ts";

/** Longer than the story's late signature takes, short enough to watch an unsigned version being refused. */
const EVIDENCE_DEADLINE = "6s";
export const OBJECT = "OCIRepository/apps/app";
export const RANGE = ">=1.0.0 <2.0.0";
/** The repository on GitHub whose release workflow may sign. */
export const SIGNER = "acme/app";

export interface Playground {
  readonly folder: string;
  readonly registry: string;
  readonly repository: Repository;
  readonly client: Client;
  readonly sigstore: LocalSigstore;
  readonly receiver: ReceiverDouble;
  readonly runtime: LocalRuntime;
  close(): Promise<void>;
}

const toManifests = (registry: string): string => `# What the cluster runs: the same manifests that Flux has.
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: { name: app, namespace: apps }
spec:
  interval: 60m
  insecure: true
  url: oci://${registry}/acme/app
  ref: { semver: "${RANGE}" }
  verify:
    provider: cosign
    matchOIDCIdentity:
      - issuer: ^https://token\\.actions\\.githubusercontent\\.com$
        subject: ^https://github\\.com/${SIGNER}/\\.github/workflows/release\\.yaml@refs/tags/v
---
apiVersion: notification.toolkit.fluxcd.io/v1
kind: Receiver
metadata: { name: sluice, namespace: apps }
spec:
  type: generic-hmac
  secretRef: { name: sluice-token }
  resources: [{ apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, name: app }]
`;

const toConfig = (registry: string, receiver: string): string => `mode: enforce
listen: { host: 127.0.0.1, port: 0 }
state: { path: ./sluice.db }
clusters:
  - name: demo
    manifests: { folder: ./manifests }
    receiver:
      baseUrl: ${receiver}
      token: { env: PLAYGROUND_RECEIVER_TOKEN }
      allowPrivateAddresses: true
sources:
  - type: distribution
    secrets: [{ env: PLAYGROUND_REGISTRY_SECRET }]
trustedRoots: { default: ./trusted_root.json }
evidence: { deadline: ${EVIDENCE_DEADLINE} }
registries:
  "${registry}": { plainHttp: true, allowPrivateAddresses: true }
`;

/**
 * Everything Sluice stands between, in this process and over real HTTP on 127.0.0.1: a registry that sends
 * notifications, a Sigstore, and a double of Flux's Receiver; and Sluice itself, configured by a real file.
 */
export const startPlayground = async (log: Log): Promise<Playground> => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-playground-"));
  const receiverToken = randomBytes(24).toString("hex");
  const registrySecret = randomBytes(24).toString("hex");
  // The registry is told where to send its events once Sluice has a port.
  const endpoints: { url: string; headers: Record<string, string> }[] = [];
  const registryServer = createRegistry({ notifications: { endpoints } });
  const registry = await registryServer.listen();
  const receiver = await startReceiverDouble();
  receiver.register({
    namespace: "apps",
    name: "sluice",
    type: "generic-hmac",
    token: receiverToken,
    resources: [OBJECT],
  });
  const sigstore = createLocalSigstore({ nowMs: Date.now });
  await mkdir(join(folder, "manifests"));
  await writeFile(join(folder, "manifests", "app.yaml"), toManifests(registry));
  await writeFile(join(folder, "trusted_root.json"), sigstore.trustedRootJson);
  await writeFile(join(folder, "sluice.yaml"), toConfig(registry, receiver.url));
  const { text, file, baseFolder } = await readConfigText("sluice.yaml", folder);
  const env = { PLAYGROUND_RECEIVER_TOKEN: receiverToken, PLAYGROUND_REGISTRY_SECRET: registrySecret };
  const runtime = await startLocalRuntime(parseConfig(text, { file, baseFolder }), { env, log });
  const headers = { authorization: `Bearer ${registrySecret}` };
  endpoints.push({ url: `${runtime.address}/events/distribution`, headers });
  return {
    folder,
    registry,
    repository: { registry, repository: "acme/app" },
    client: createClient({ plainHttp: () => true }),
    sigstore,
    receiver,
    runtime,
    async close() {
      await runtime.stop();
      await Promise.all([registryServer.close(), receiver.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
};
