import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient, type Repository } from "oras-js";
import { createRegistry, type RegistryOptions } from "oras-js/registry";
import { type Fault, startReceiverDouble } from "../../functions/local/playground/receiver.ts";
import { createLocalSigstore } from "../../functions/local/playground/sigstore/local-sigstore.ts";

const BIN = fileURLToPath(new URL("../../shared/cli/bin.js", import.meta.url));
export const SECRET = "events-s3cret";
const TOKEN = "receiver-t0ken";
const ENDPOINT_KEY = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

/** One OCIRepository and the Receiver that reaches it. */
export interface CrashObject {
  readonly name: string;
  readonly repository: string;
  readonly range: string;
  readonly receiver: string;
}

/** Each object takes its own range; two share a repository, all share a Receiver. */
export const OBJECTS: readonly CrashObject[] = [
  { name: "one", repository: "acme/one", range: ">=0.0.0", receiver: "sluice" },
  { name: "two", repository: "acme/two", range: ">=0.0.0", receiver: "sluice" },
  { name: "two-low", repository: "acme/two", range: "<1.0.0", receiver: "sluice" },
];

/** As many objects of one repository, each with a Receiver of its own. */
export const toFanOut = (receivers: number): readonly CrashObject[] =>
  Array.from({ length: receivers }, (_, index) => ({
    name: `app-${index}`,
    repository: "acme/one",
    range: ">=0.0.0",
    receiver: `receiver-${index}`,
  }));

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return address.port;
};

const toManifests = (registry: string, all: readonly CrashObject[]): string => {
  const objects = all.map(
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
  const receivers = [...Map.groupBy(all, ({ receiver }) => receiver)].map(([name, reached]) => {
    const resources = reached.map((one) => `{ kind: OCIRepository, name: ${one.name} }`).join(", ");
    return `apiVersion: notification.toolkit.fluxcd.io/v1
kind: Receiver
metadata: { name: ${name}, namespace: apps }
spec: { type: generic-hmac, secretRef: { name: token }, resources: [${resources}] }
`;
  });
  return [...objects, ...receivers].join("---\n");
};

interface CrashWorldOptions {
  readonly objects?: readonly CrashObject[];
  /** Of the receivers. */
  readonly fault?: () => Fault | undefined;
  /** Of the registry, and whom it notifies. */
  readonly registry?: RegistryOptions;
  readonly evidenceDeadline?: string;
  /** Of sluice.yaml, as JSON may say them; their keys are in `ENDPOINT_KEY`. */
  readonly endpoints?: readonly unknown[];
}

/** What a Sluice in a process of its own needs around it; everything but that process is in this one. */
export const createCrashWorld = async ({
  objects = OBJECTS,
  fault,
  registry: registryOptions = {},
  evidenceDeadline = "1s",
  endpoints,
}: CrashWorldOptions = {}) => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-crash-"));
  const registryServer = createRegistry(registryOptions);
  const registry = await registryServer.listen();
  const annotated = new EventEmitter();
  const receiver = await startReceiverDouble({
    onAnnotated: () => annotated.emit("annotated"),
    ...(fault === undefined ? {} : { fault }),
  });
  for (const [name, reached] of Map.groupBy(objects, (one) => one.receiver)) {
    receiver.register({
      namespace: "apps",
      name,
      type: "generic-hmac",
      token: TOKEN,
      resources: reached.map((one) => `OCIRepository/apps/${one.name}`),
      filter: "objects",
    });
  }
  const sigstore = createLocalSigstore({ nowMs: Date.now });
  const port = await freePort();
  await mkdir(join(folder, "manifests"));
  await writeFile(join(folder, "manifests", "all.yaml"), toManifests(registry, objects));
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
evidence: { deadline: ${evidenceDeadline} }
# Each start sweeps: a process that is killed hundreds of times would use up the default, and wait out its window.
sweep: { requestBudget: 1000000 }
registries: { "${registry}": { plainHttp: true, allowPrivateAddresses: true } }
${endpoints === undefined ? "" : `endpoints: ${JSON.stringify(endpoints)}\n`}`,
  );
  const url = `http://127.0.0.1:${port}`;
  let newest: ChildProcess | undefined;
  const start = (): ChildProcess => {
    newest = spawn(process.execPath, [BIN, "serve", "--config", join(folder, "sluice.yaml")], {
      env: { ...process.env, SECRET, TOKEN, ENDPOINT_KEY },
      stdio: "ignore",
    });
    return newest;
  };
  const repositoryOf = (repository: string): Repository => ({ registry, repository });
  return {
    folder,
    registry,
    receiver,
    /** Emits `annotated` for each request that was accepted. */
    annotated,
    sigstore,
    client: createClient({ plainHttp: () => true }),
    url,
    databasePath: join(folder, "sluice.db"),
    start,
    repositoryOf,
    async close() {
      newest?.kill("SIGKILL");
      await Promise.all([registryServer.close(), receiver.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
};

export type CrashWorld = Awaited<ReturnType<typeof createCrashWorld>>;
