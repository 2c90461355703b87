import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient, type Repository } from "oras-js";
import { createRegistry } from "oras-js/registry";
import { startReceiverDouble } from "../../functions/local/playground/receiver.ts";
import { createLocalSigstore } from "../../functions/local/playground/sigstore/local-sigstore.ts";

const BIN = fileURLToPath(new URL("../../shared/cli/bin.js", import.meta.url));
export const SECRET = "events-s3cret";
const TOKEN = "receiver-t0ken";

/** Each object takes its own range; two share a repository. */
export const OBJECTS = [
  { name: "one", repository: "acme/one", range: ">=0.0.0" },
  { name: "two", repository: "acme/two", range: ">=0.0.0" },
  { name: "two-low", repository: "acme/two", range: "<1.0.0" },
] as const;

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return address.port;
};

const toManifests = (registry: string): string => {
  const objects = OBJECTS.map(
    ({ name, repository, range }) => `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: { name: ${name}, namespace: apps }
spec:
  interval: 60m
  url: oci://${registry}/${repository}
  ref: { semver: "${range}" }
  verify:
    provider: cosign
    matchOIDCIdentity: [{ issuer: "^https://token\\\\.actions", subject: "^https://github\\\\.com/acme/app/" }]
`,
  );
  const resources = OBJECTS.map(({ name }) => `{ kind: OCIRepository, name: ${name} }`).join(", ");
  const receiver = `apiVersion: notification.toolkit.fluxcd.io/v1
kind: Receiver
metadata: { name: sluice, namespace: apps }
spec: { type: generic-hmac, secretRef: { name: token }, resources: [${resources}] }
`;
  return [...objects, receiver].join("---\n");
};

/** What a Sluice in a process of its own needs around it; everything but that process is in this one. */
export const createCrashWorld = async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-crash-"));
  const registryServer = createRegistry();
  const registry = await registryServer.listen();
  const receiver = await startReceiverDouble();
  const resources = OBJECTS.map(({ name }) => `OCIRepository/apps/${name}`);
  receiver.register({
    namespace: "apps",
    name: "sluice",
    type: "generic-hmac",
    token: TOKEN,
    resources,
    filter: "objects",
  });
  const sigstore = createLocalSigstore({ nowMs: Date.now });
  const port = await freePort();
  await mkdir(join(folder, "manifests"));
  await writeFile(join(folder, "manifests", "all.yaml"), toManifests(registry));
  await writeFile(join(folder, "trusted_root.json"), sigstore.trustedRootJson);
  await writeFile(
    join(folder, "sluice.yaml"),
    `mode: enforce
listen: { port: ${port} }
state: { path: ./sluice.db }
clusters:
  - name: c
    manifests: { folder: ./manifests }
    receiver: { baseUrl: "${receiver.url}", token: { env: TOKEN }, allowPrivateAddresses: true }
sources: [{ type: distribution, secrets: [{ env: SECRET }] }]
trustedRoots: { default: ./trusted_root.json }
evidence: { deadline: 1s }
registries: { "${registry}": { plainHttp: true, allowPrivateAddresses: true } }
`,
  );
  const url = `http://127.0.0.1:${port}`;
  const start = (): ChildProcess =>
    spawn(process.execPath, [BIN, "serve", "--config", join(folder, "sluice.yaml")], {
      env: { ...process.env, SECRET, TOKEN },
      stdio: "ignore",
    });
  const repositoryOf = (repository: string): Repository => ({ registry, repository });
  return {
    folder,
    registry,
    receiver,
    sigstore,
    client: createClient({ plainHttp: () => true }),
    url,
    databasePath: join(folder, "sluice.db"),
    start,
    repositoryOf,
    async close() {
      await Promise.all([registryServer.close(), receiver.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
};

export type CrashWorld = Awaited<ReturnType<typeof createCrashWorld>>;
