import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type LocalRuntime, startLocalRuntime } from "../../../functions/local/runtime.ts";
import { parseConfig } from "../../../shared/config.ts";
import type { AttemptRecord, StoredRecord } from "../../../shared/state.ts";
import type { KubernetesObject } from "./control-plane.ts";
import { type FluxCluster, startCluster } from "./flux.ts";
import { type OciRepositoryOptions, toOciRepository, toSecret } from "./flux-objects.ts";
import { startFluxOperator } from "./flux-operator.ts";
import { type PushedImage, pushImage } from "./images.ts";
import {
  AUDIENCE,
  CLUSTER,
  type LoopOptions,
  type LoopSecrets,
  makeSecrets,
  SUBJECT,
  toConfig,
} from "./loop-config.ts";
import { type OidcIssuer, startOidcIssuer } from "./oidc-issuer.ts";
import { printReceivers } from "./printed-receivers.ts";
import type { RunningServer } from "./process.ts";
import { startDistribution } from "./registries.ts";
import { startSink } from "./sink.ts";
import { type Stage, startStage } from "./stage.ts";
import { freePort } from "./world.ts";

/** Receivers in these namespaces take an HMAC, and an identity token. */
export const HMAC_NAMESPACE = "apps";
export const OIDC_NAMESPACE = "tenants";
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
  /** Where flux-operator runs: it, and what it has to show. */
  readonly operator?: RunningServer;
  readonly inputsToken?: string;
  /** Where tokens in files say who Sluice is: what is in the file, and who makes them. */
  readonly identity?: {
    readonly file: string;
    /** A token that the Receivers take, but for the claims given. */
    mint(claims?: Readonly<Record<string, unknown>>): string;
  };
  /** Moves Sluice's clock ahead of everybody else's. */
  skip(ms: number): void;
}

const subscriptionOf = (namespace: string, name: string): string =>
  `${CLUSTER}/OCIRepository/${namespace}/${name}`;

/** Fills the skeletons that were printed. */
const fillSecrets = async (cluster: FluxCluster, { values }: LoopSecrets): Promise<void> => {
  const token = (namespace: string, name: string, value: string) =>
    toSecret(namespace, name, { token: value });
  await cluster.apply([
    token(HMAC_NAMESPACE, "sluice-token", values.token),
    token(HMAC_NAMESPACE, "sluice-events", values.events),
    token(OIDC_NAMESPACE, "sluice-events", values.events),
  ]);
};

/** Also where Sluice's clock is ahead. */
const TOKEN_LIFE_S = 3_600;

/** A token of the kind that something else than Sluice makes for it. */
const mintOwn = (issuer: OidcIssuer, claims: Readonly<Record<string, unknown>> = {}): string =>
  issuer.mintRaw({
    aud: AUDIENCE,
    sub: SUBJECT,
    exp: Math.floor(Date.now() / 1_000) + TOKEN_LIFE_S,
    ...claims,
  });

/** The first version of everything is there and Ready before Sluice starts: what follows comes by pokes alone. */
export const startLoop = async (objects: readonly LoopObject[], options: LoopOptions = {}): Promise<Loop> => {
  const stage = await startStage();
  try {
    return await buildLoop(stage, objects, options);
  } catch (error) {
    await stage.world.close();
    throw error;
  }
};

const buildLoop = async (
  stage: Stage,
  objects: readonly LoopObject[],
  options: LoopOptions,
): Promise<Loop> => {
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
  const operator = options.inputs ? await startFluxOperator(world, cluster) : undefined;
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

  const issuer = options.identity === "tokens" ? await startOidcIssuer(world) : undefined;
  if (issuer !== undefined) await writeFile(secrets.fileOf("identity"), mintOwn(issuer));
  const text = JSON.stringify(
    toConfig({ cluster, registry: host, port, secrets, root: sigstore.trustedRootFile, options }),
  );
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
      ...(issuer === undefined ? {} : { vouching: { issuer: issuer.url, subject: SUBJECT } }),
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
    ...(operator === undefined ? {} : { operator, inputsToken: secrets.values.inputs }),
    ...(issuer === undefined
      ? {}
      : { identity: { file: secrets.fileOf("identity"), mint: (claims) => mintOwn(issuer, claims) } }),
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
