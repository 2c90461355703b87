import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Client, createClient, type Repository } from "oras-js";
import { createRegistry } from "oras-js/registry";
import { pushArtifact, signArtifact } from "../../functions/local/playground/artifacts.ts";
import { type ReceiverDouble, startReceiverDouble } from "../../functions/local/playground/receiver.ts";
import { createLocalSigstore } from "../../functions/local/playground/sigstore/local-sigstore.ts";
import type { Digest } from "../../shared/artifact/digest.ts";
import { type RunningServer, startServer } from "./processes.ts";
import { SOURCE_EVENTS } from "./source-events.ts";

const BIN = fileURLToPath(new URL("../../shared/cli/bin.js", import.meta.url));
const SIGNER = { repository: "acme/app", ref: "refs/tags/v1" };
const TOKEN_BYTES = 24;

/** One request that the registry saw. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  /** Of the answer, head included. */
  readonly bytes: number;
}

export interface World {
  readonly folder: string;
  readonly registry: string;
  readonly receiver: ReceiverDouble;
  readonly receiverPath: string;
  readonly receiverToken: string;
  /** The header value that the event source wants. */
  readonly authorization: string;
  readonly client: Client;
  readonly databasePath: string;
  /** What the registry was asked since `seen` was last emptied. */
  readonly seen: SeenRequest[];
  repositoryOf(name: string): Repository;
  /** Pushes and signs an artifact of its own; a tag names it last, as a careful pipeline does it. */
  release(name: string, tag: string): Promise<Digest>;
  startSluice(cores?: string): Promise<RunningServer>;
  close(): Promise<void>;
}

export interface WorldOptions {
  /** Repositories with one OCIRepository each. */
  readonly repositories: readonly string[];
  readonly onAnnotated?: () => void;
  /** As many clusters, all with the same objects; default: one, behind the receiver double. */
  readonly clusters?: { readonly urls: readonly string[]; readonly token: string };
}

const toObjectName = (repository: string): string => repository.replaceAll("/", "-");

const toManifests = (registry: string, repositories: readonly string[]): string => {
  const objects = repositories.map(
    (repository) => `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: { name: ${toObjectName(repository)}, namespace: apps }
spec:
  interval: 60m
  insecure: true
  url: oci://${registry}/${repository}
  ref: { semver: ">=1.0.0" }
  verify:
    provider: cosign
    matchOIDCIdentity: [{ issuer: "^https://token\\\\.actions", subject: "^https://github\\\\.com/acme/app/" }]
`,
  );
  const resources = repositories.map((name) => `{ kind: OCIRepository, name: ${toObjectName(name)} }`);
  const receiver = `apiVersion: notification.toolkit.fluxcd.io/v1
kind: Receiver
metadata: { name: sluice, namespace: apps }
spec: { type: generic-hmac, secretRef: { name: token }, resources: [${resources.join(", ")}] }
`;
  return [...objects, receiver].join("---\n");
};

const toCluster = (receiver: string, index: number): string => `  - name: bench-${index}
    manifests: { folder: ./manifests, interval: 1d }
    receiver: { baseUrl: "${receiver}", token: { env: BENCH_TOKEN }, allowPrivateAddresses: true }
`;

const toConfig = (registry: string, receivers: readonly string[]): string => `mode: enforce
listen: { host: 127.0.0.1, port: 0 }
state: { path: ./sluice.db }
clusters:
${receivers.map(toCluster).join("")}sources:
  - { type: distribution, secrets: [{ env: BENCH_SECRET }] }
${SOURCE_EVENTS.filter(({ source }) => source !== "distribution")
  .map(({ source }) => `  - { type: ${source}, registry: "${registry}", unauthenticated: allow }`)
  .join("\n")}
limits: { eventsPerMinute: 10000000 }
trustedRoots: { default: ./trusted_root.json }
registries: { "${registry}": { plainHttp: true, allowPrivateAddresses: true } }
`;

/** The in-memory registry behind a server that counts what is asked of it. */
const startCountedRegistry = async (seen: SeenRequest[]) => {
  const registry = createRegistry();
  const server = createServer((request, response) => {
    const before = request.socket.bytesWritten;
    response.on("finish", () => {
      const { method = "", url = "" } = request;
      seen.push({ method, path: url, bytes: request.socket.bytesWritten - before });
    });
    registry.handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the registry has no port");
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { host: `127.0.0.1:${address.port}`, close };
};

/** All that Sluice stands between, over real HTTP on 127.0.0.1; Sluice itself runs in a process of its own. */
export const createWorld = async ({ repositories, onAnnotated, clusters }: WorldOptions): Promise<World> => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-bench-"));
  const seen: SeenRequest[] = [];
  const { host: registry, close: closeRegistry } = await startCountedRegistry(seen);
  const receiver = await startReceiverDouble(onAnnotated === undefined ? {} : { onAnnotated });
  const receiverToken = clusters?.token ?? randomBytes(TOKEN_BYTES).toString("hex");
  const secret = randomBytes(TOKEN_BYTES).toString("hex");
  const receiverPath = receiver.register({
    namespace: "apps",
    name: "sluice",
    type: "generic-hmac",
    token: receiverToken,
    resources: repositories.map((name) => `OCIRepository/apps/${toObjectName(name)}`),
  });
  const sigstore = createLocalSigstore({ nowMs: Date.now });
  await mkdir(join(folder, "manifests"));
  await writeFile(join(folder, "manifests", "all.yaml"), toManifests(registry, repositories));
  await writeFile(join(folder, "trusted_root.json"), sigstore.trustedRootJson);
  await writeFile(join(folder, "sluice.yaml"), toConfig(registry, clusters?.urls ?? [receiver.url]));
  const client = createClient({ plainHttp: () => true });
  const repositoryOf = (repository: string): Repository => ({ registry, repository });
  return {
    folder,
    registry,
    receiver,
    receiverPath,
    receiverToken,
    authorization: `Bearer ${secret}`,
    client,
    databasePath: join(folder, "sluice.db"),
    seen,
    repositoryOf,
    async release(name, tag) {
      const artifact = await pushArtifact(client, repositoryOf(name), `${name} ${tag}`);
      await signArtifact(client, sigstore, artifact, SIGNER);
      await client.tagManifest(artifact.repository, artifact.digest, tag);
      return artifact.digest;
    },
    startSluice: (cores) =>
      startServer(
        {
          args: [BIN, "serve", "--config", join(folder, "sluice.yaml")],
          cores,
          env: { BENCH_TOKEN: receiverToken, BENCH_SECRET: secret },
        },
        join(folder, "sluice.log"),
      ),
    async close() {
      await Promise.all([closeRegistry(), receiver.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
};
