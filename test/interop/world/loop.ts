import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type LocalRuntime, startLocalRuntime } from "../../../functions/local/runtime.ts";
import { parseConfig } from "../../../shared/config.ts";
import type { AttemptRecord, StoredRecord } from "../../../shared/state.ts";
import type { KubernetesObject } from "./control-plane.ts";
import { type FluxCluster, startCluster } from "./flux.ts";
import { type OciRepositoryOptions, toOciRepository, toSecret } from "./flux-objects.ts";
import { type PushedImage, pushImage } from "./images.ts";
import { printReceivers } from "./printed-receivers.ts";
import { startDistribution } from "./registries.ts";
import { startSink } from "./sink.ts";
import { type Stage, startStage } from "./stage.ts";
import { freePort } from "./world.ts";

/** Receivers in these namespaces take an HMAC, and an identity token of Sluice's own. */
export const HMAC_NAMESPACE = "apps";
export const OIDC_NAMESPACE = "tenants";
export const CLUSTER = "c";
const AUDIENCE = "sluice-c";
const TOKEN_BYTES = 24;
const WAIT_MS = 100_000;
const POLL_MS = 50;

export type LoopObject = Pick<OciRepositoryOptions, "namespace" | "name" | "semver"> & {
  readonly repository: string;
  readonly signedBy?: "release" | "somebody else";
};

/** Registry → Sluice → cluster → Sluice, every part but Sluice's process boundary as users run it. */
export interface Loop {
  readonly stage: Stage;
  readonly cluster: FluxCluster;
  readonly runtime: LocalRuntime;
  readonly configFile: string;
  /** What Sluice logged, oldest first. */
  readonly events: readonly { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[];
  /** Pushes a new version, and signs it as acme's release workflow unless told not to. */
  push(repository: string, tag: string, signed?: boolean): Promise<PushedImage>;
  object(namespace: string, name: string): Promise<KubernetesObject>;
  /** When somebody last asked for a reconciliation; undefined: nobody ever did. */
  pokedAt(namespace: string, name: string): Promise<string | undefined>;
  /** Waits until source-controller serves that version. */
  awaitRevision(namespace: string, name: string, tag: string, image: PushedImage): Promise<KubernetesObject>;
  records(namespace: string, name: string): Promise<readonly StoredRecord[]>;
  attempts(namespace: string, name: string): Promise<readonly AttemptRecord[]>;
  /** Asks until `find` gives something. */
  until<T>(what: string, find: () => Promise<T | undefined>): Promise<T>;
  /** Changes the token that Sluice sends with, or the one it tries after that. */
  setToken(which: "current" | "previous", token: string): Promise<void>;
  /** Changes the Secret in the cluster. */
  setClusterToken(token: string): Promise<void>;
  readonly token: string;
  /** Moves Sluice's clock ahead of everybody else's. */
  skip(ms: number): void;
}

const subscriptionOf = (namespace: string, name: string): string =>
  `${CLUSTER}/OCIRepository/${namespace}/${name}`;

const makeSecrets = async (folder: string) => {
  await mkdir(folder);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const values = {
    token: randomBytes(TOKEN_BYTES).toString("hex"),
    previous: randomBytes(TOKEN_BYTES).toString("hex"),
    events: randomBytes(TOKEN_BYTES).toString("hex"),
    registry: randomBytes(TOKEN_BYTES).toString("hex"),
    identity: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
  const fileOf = (name: keyof typeof values): string => join(folder, name);
  for (const name of Object.keys(values) as (keyof typeof values)[])
    await writeFile(fileOf(name), values[name]);
  return { values, fileOf };
};

type Secrets = Awaited<ReturnType<typeof makeSecrets>>;

const toConfig = (
  cluster: FluxCluster,
  registry: string,
  port: number,
  { fileOf }: Secrets,
  root: string,
) => ({
  mode: "enforce",
  listen: { host: "127.0.0.1", port },
  state: { path: "./sluice.db" },
  clusters: [
    {
      name: CLUSTER,
      manifests: { kubeconfig: cluster.kubeconfigFile, interval: "1d" },
      receiver: {
        baseUrl: cluster.notification.receiverUrl,
        token: { file: fileOf("token") },
        previousToken: { file: fileOf("previous") },
        audience: AUDIENCE,
        allowPrivateAddresses: true,
        concurrency: 8,
      },
      confirmation: { secrets: [{ file: fileOf("events") }] },
    },
  ],
  sources: [{ type: "distribution", secrets: [{ file: fileOf("registry") }] }],
  identity: { issuer: `http://127.0.0.1:${port}`, keys: [{ file: fileOf("identity") }] },
  trustedRoots: { default: root },
  evidence: { deadline: "20s" },
  registries: { [registry]: { plainHttp: true, allowPrivateAddresses: true } },
});

/** Fills the skeletons that were printed. */
const fillSecrets = async (cluster: FluxCluster, { values }: Secrets): Promise<void> => {
  const token = (namespace: string, name: string, value: string) =>
    toSecret(namespace, name, { token: value });
  await cluster.apply([
    token(HMAC_NAMESPACE, "sluice-token", values.token),
    token(HMAC_NAMESPACE, "sluice-events", values.events),
    token(OIDC_NAMESPACE, "sluice-events", values.events),
  ]);
};

/** The first version of everything is there and Ready before Sluice starts: what follows comes by pokes alone. */
export const startLoop = async (objects: readonly LoopObject[]): Promise<Loop> => {
  const stage = await startStage();
  try {
    return await buildLoop(stage, objects);
  } catch (error) {
    await stage.world.close();
    throw error;
  }
};

const buildLoop = async (stage: Stage, objects: readonly LoopObject[]): Promise<Loop> => {
  const { world, sigstore } = stage;
  const cluster = await startCluster(world);
  const folder = join(world.folder, "loop");
  await mkdir(folder);
  const secrets = await makeSecrets(join(folder, "secrets"));
  const port = await freePort();
  const { host } = await startDistribution(world, {
    version: 3,
    notifications: {
      url: `http://127.0.0.1:${port}/events/distribution`,
      headers: { Authorization: `Bearer ${secrets.values.registry}` },
    },
  });

  const push: Loop["push"] = async (repository, tag, signed = true) => {
    const image = await pushImage({ host, repository, tag, text: `${repository} ${tag}` });
    if (signed) {
      await stage.cosign(3).sign(image.reference, { format: "bundle", by: { token: stage.token() } });
    }
    return image;
  };
  const object: Loop["object"] = async (namespace, name) => {
    const found = await cluster.get("ocirepository", namespace, name);
    if (found === undefined) throw new Error(`there is no OCIRepository ${namespace}/${name}`);
    return found;
  };
  const until: Loop["until"] = async (what, find) => {
    const deadlineMs = performance.now() + WAIT_MS;
    while (performance.now() < deadlineMs) {
      const found = await find();
      if (found !== undefined) return found;
      await sleep(POLL_MS);
    }
    throw new Error(`${what}: not in time`);
  };
  const awaitRevision: Loop["awaitRevision"] = (namespace, name, tag, { digest }) =>
    cluster.waitFor(
      "ocirepository",
      namespace,
      name,
      (found) =>
        found.status?.artifact?.revision === `${tag}@${digest}` &&
        cluster.conditionOf(found, "Ready")?.status === "True",
      WAIT_MS,
    );

  const root = await readFile(sigstore.trustedRootFile, "utf8");
  for (const namespace of [HMAC_NAMESPACE, OIDC_NAMESPACE]) {
    await cluster.kubectl(["create", "namespace", namespace]);
    await cluster.apply([toSecret(namespace, "trusted-root", { "trusted_root.json": root })]);
  }
  // What the registry tells before Sluice is there is not to be told again: it would count as news.
  const early = await startSink(world, port);
  const first = new Map<string, PushedImage>();
  for (const repository of new Set(objects.map((one) => one.repository))) {
    first.set(repository, await push(repository, "1.0.0"));
  }
  await cluster.apply(
    objects.map(({ repository, signedBy = "release", ...rest }) =>
      toOciRepository({
        ...rest,
        artifact: `${host}/${repository}`,
        signer: signedBy === "release" ? stage.release : stage.somebodyElse,
      }),
    ),
  );
  for (const { namespace, name, repository, signedBy } of objects) {
    const image = first.get(repository);
    if (image !== undefined && signedBy !== "somebody else")
      await awaitRevision(namespace, name, "1.0.0", image);
  }

  await early.quiet();
  await early.close();

  const text = JSON.stringify(toConfig(cluster, host, port, secrets, sigstore.trustedRootFile));
  const configFile = join(folder, "sluice.yaml");
  await writeFile(configFile, text);
  await cluster.kubectl(
    ["apply", "--server-side", "--filename=-"],
    await printReceivers({
      sluice: stage.sluice,
      configFile,
      address: `http://127.0.0.1:${port}`,
      hmacNamespace: HMAC_NAMESPACE,
      oidcNamespace: OIDC_NAMESPACE,
    }),
  );
  await fillSecrets(cluster, secrets);
  await Promise.all(
    [...new Set(objects.map(({ namespace }) => namespace))].map((namespace) =>
      cluster.webhookUrl("sluice", namespace),
    ),
  );

  const events: { event: string; fields: Readonly<Record<string, unknown>> }[] = [];
  let skippedMs = 0;
  const runtime = await startLocalRuntime(parseConfig(text, { file: "sluice.yaml", baseFolder: folder }), {
    env: {},
    log: (event, fields) => events.push({ event, fields }),
    clock: { nowMs: () => Date.now() + skippedMs },
  });
  world.atEnd(() => runtime.stop());

  const records: Loop["records"] = (namespace, name) =>
    runtime.state.records({ subscription: subscriptionOf(namespace, name), limit: 1_000 });
  return {
    stage,
    cluster,
    runtime,
    configFile,
    events,
    push,
    object,
    until,
    awaitRevision,
    records,
    token: secrets.values.token,
    pokedAt: async (namespace, name) =>
      (await object(namespace, name)).metadata.annotations?.["reconcile.fluxcd.io/requestedAt"],
    attempts: async (namespace, name) =>
      (await records(namespace, name)).filter((record) => record.kind === "attempt"),
    setToken: (which, token) => writeFile(secrets.fileOf(which === "current" ? "token" : "previous"), token),
    setClusterToken: (token) => cluster.apply([toSecret(HMAC_NAMESPACE, "sluice-token", { token })]),
    skip(ms) {
      skippedMs += ms;
    },
  };
};
