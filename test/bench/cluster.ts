import { createHmac, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Pool } from "undici";
import { peerBinary } from "../interop/install/cache.ts";
import type { KubernetesObject } from "../interop/world/control-plane.ts";
import { type FluxCluster, startCluster } from "../interop/world/flux.ts";
import { SOURCE_API, toSecret } from "../interop/world/flux-objects.ts";
import { createWorld as createPeers } from "../interop/world/world.ts";
import type { Bench, BenchResult, Effort } from "./bench.ts";
import { type ClusterWatch, watchSources } from "./cluster-watch.ts";
import { EVENT_PATH, EVENT_TYPE, toEnvelope } from "./event.ts";
import { awaitEmptyQueue } from "./queue.ts";
import { quantile } from "./row.ts";
import { createWorld, type World } from "./world.ts";

const NAMESPACE = "apps";
const REPOSITORY = "acme/app";
const OBJECT = "acme-app";
/** What `flux create source oci` writes where nobody says otherwise. */
const DEFAULT_INTERVAL = "1m";
const POLL_TIMEOUT_MS = 180_000;
const SAMPLES = { quick: 3, full: 100 } as const;
const WARM_UP = { quick: 1, full: 10 } as const;
const POLLING = { quick: 2, full: 20 } as const;
/** Between the first looks of objects that poll, so that a push meets them at any point of their minute. */
const STAGGER_MS = 2_900;
const PEERS = ["etcd", "source-controller", "notification-controller"] as const;
const TOKEN_BYTES = 24;

const toSource = (world: World, name: string, interval: string): KubernetesObject => ({
  apiVersion: SOURCE_API,
  kind: "OCIRepository",
  metadata: { name, namespace: NAMESPACE },
  spec: {
    interval,
    insecure: true,
    url: `oci://${world.registry}/${REPOSITORY}`,
    ref: { semver: ">=1.0.0" },
    layerSelector: { mediaType: "application/vnd.cncf.flux.content.v1.tar+gzip", operation: "copy" },
    verify: {
      provider: "cosign",
      trustedRootSecretRef: { name: "trusted-root" },
      matchOIDCIdentity: [{ issuer: "^https://token\\.actions", subject: "^https://github\\.com/acme/app/" }],
    },
  },
});

const toReceiver = (): KubernetesObject => ({
  apiVersion: "notification.toolkit.fluxcd.io/v1",
  kind: "Receiver",
  metadata: { name: "sluice", namespace: NAMESPACE },
  spec: {
    type: "generic-hmac",
    secretRef: { name: "token" },
    resources: [{ apiVersion: SOURCE_API, kind: "OCIRepository", name: OBJECT }],
  },
});

/** From the event, or the request by hand, on. */
interface Reached {
  readonly annotatedMs: number;
  readonly readyMs: number;
}

interface Stage {
  readonly world: World;
  readonly cluster: FluxCluster;
  readonly watch: ClusterWatch;
  /** Releases the next version; nobody is told. */
  release(): Promise<{ readonly tag: string; readonly digest: string }>;
}

const isReady =
  (digest: string) =>
  ({ revision, ready }: { readonly revision: string; readonly ready: string }): boolean =>
    revision.endsWith(`@${digest}`) && ready === "True";

const timeOne = async (
  { watch, release }: Stage,
  send: (tag: string, digest: string) => Promise<void>,
): Promise<Reached> => {
  const { tag, digest } = await release();
  const before = watch.latest(OBJECT)?.requestedAt ?? "";
  const annotated = watch.next(OBJECT, ({ requestedAt }) => requestedAt !== before);
  const ready = watch.next(OBJECT, isReady(digest));
  const startMs = performance.now();
  const [, annotatedAtMs, readyAtMs] = await Promise.all([send(tag, digest), annotated, ready]);
  return { annotatedMs: annotatedAtMs - startMs, readyMs: readyAtMs - startMs };
};

const post = async (pool: Pool, path: string, headers: Record<string, string>, body: string) => {
  const response = await pool.request({ method: "POST", path, headers, body });
  await response.body.dump();
  if (response.statusCode >= 300) throw new Error(`POST ${path}: ${response.statusCode}`);
};

const measurePokes = async (stage: Stage, effort: Effort) => {
  const { world, cluster } = stage;
  const sluice = await world.startSluice();
  const webhook = new URL(await cluster.webhookUrl("sluice", NAMESPACE));
  const events = new Pool(sluice.address, { connections: 1 });
  const receiver = new Pool(webhook.origin, { connections: 1 });
  const [viaSluice, direct]: [Reached[], Reached[]] = [[], []];
  try {
    await awaitEmptyQueue(sluice);
    for (let round = -WARM_UP[effort]; round < SAMPLES[effort]; round++) {
      const told = await timeOne(stage, (tag, digest) => {
        const headers = { "content-type": EVENT_TYPE, authorization: world.authorization };
        const event = { id: `push-${tag}`, host: world.registry, repository: REPOSITORY, tag, digest };
        return post(events, EVENT_PATH, headers, toEnvelope(event));
      });
      const poked = await timeOne(stage, (tag) => {
        const body = JSON.stringify({ tag });
        const signature = createHmac("sha256", world.receiverToken).update(body).digest("hex");
        const headers = { "content-type": "application/json", "x-signature": `sha256=${signature}` };
        return post(receiver, webhook.pathname, headers, body);
      });
      if (round < 0) continue;
      viaSluice.push(told);
      direct.push(poked);
    }
  } finally {
    await Promise.all([events.close(), receiver.close()]);
    await sluice.stop();
  }
  return { viaSluice, direct };
};

/** Objects without a Receiver: how long after a push each has it by itself. */
const measurePolling = async ({ world, cluster, watch, release }: Stage, effort: Effort) => {
  const names = Array.from({ length: POLLING[effort] }, (_, index) => `polls-${index}`);
  for (const name of names) {
    await cluster.apply([toSource(world, name, DEFAULT_INTERVAL)]);
    await wait(STAGGER_MS);
  }
  const { digest } = await release();
  const startMs = performance.now();
  const times = await Promise.all(names.map((name) => watch.next(name, isReady(digest), POLL_TIMEOUT_MS)));
  return times.map((atMs) => atMs - startMs);
};

const toResult = (
  { viaSluice, direct }: { readonly viaSluice: readonly Reached[]; readonly direct: readonly Reached[] },
  polled: readonly number[],
): BenchResult => {
  const at = (which: readonly Reached[], key: keyof Reached, fraction: number): number =>
    quantile(
      which.map((one) => one[key]),
      fraction,
    );
  const toRow = (name: string, key: keyof Reached, fraction: number) => ({
    name: `event sent → ${name}, p${fraction * 100}`,
    value: at(viaSluice, key, fraction),
    unit: "ms",
    beside: { name: "hand-signed poke", value: at(direct, key, fraction) },
  });
  const toPolledRow = (fraction: number) => ({
    name: `polling each minute → new revision Ready, p${fraction * 100}`,
    value: quantile(polled, fraction),
    unit: "ms",
    beside: { name: "by Sluice", value: at(viaSluice, "readyMs", fraction) },
  });
  return {
    rows: [
      toRow("object annotated", "annotatedMs", 0.5),
      toRow("object annotated", "annotatedMs", 0.99),
      toRow("new revision Ready", "readyMs", 0.5),
      toRow("new revision Ready", "readyMs", 0.99),
      toPolledRow(0.5),
      toPolledRow(0.99),
    ],
    remarks: [
      `${viaSluice.length} pushes by Sluice, each in turn with one that is poked by hand; ${polled.length} objects that poll, at different points of their minute. What is verified twice, by Sluice and then by source-controller, is in the first four rows.`,
    ],
  };
};

const runWith = async (stage: Stage, effort: Effort): Promise<BenchResult> => {
  const { world, cluster, watch } = stage;
  const root = await readFile(join(world.folder, "trusted_root.json"), "utf8");
  const { digest } = await stage.release();
  const first = watch.next(OBJECT, isReady(digest));
  await cluster.apply([
    toSecret(NAMESPACE, "trusted-root", { "trusted_root.json": root }),
    toSecret(NAMESPACE, "token", { token: world.receiverToken }),
    toSource(world, OBJECT, "60m"),
    toReceiver(),
  ]);
  await first;
  const pokes = await measurePokes(stage, effort);
  return toResult(pokes, await measurePolling(stage, effort));
};

const runOnCluster = async (effort: Effort): Promise<BenchResult> => {
  const peers = await createPeers();
  try {
    const cluster = await startCluster(peers);
    await cluster.kubectl(["create", "namespace", NAMESPACE]);
    const token = randomBytes(TOKEN_BYTES).toString("hex");
    const clusters = { urls: [cluster.notification.receiverUrl], token };
    const world = await createWorld({ repositories: [REPOSITORY], clusters });
    peers.atEnd(() => world.close());
    const watch = watchSources(cluster, NAMESPACE);
    peers.atEnd(() => watch.stop());
    let released = 0;
    const release = async () => {
      released += 1;
      const tag = `1.0.${released}`;
      return { tag, digest: await world.release(REPOSITORY, tag) };
    };
    return await runWith({ world, cluster, watch, release }, effort);
  } finally {
    await peers.close();
  }
};

export const cluster: Bench = {
  name: "cluster",
  title: "Push → new revision in a real cluster",
  about:
    "etcd, kube-apiserver, notification-controller and source-controller as they are, on this machine; an OCIRepository that verifies by the same trusted root. A registry's event is posted to `sluice serve`; the clock stops when a watch on the object shows that it is annotated, and that its new revision is Ready. Beside it: the same for a request signed by hand and sent straight to the Receiver, and for objects without a Receiver that poll each minute, as `flux create source oci` makes them.",
  async run(effort) {
    const absent = PEERS.filter((peer) => !existsSync(peerBinary(peer)));
    if (absent.length === 0) return runOnCluster(effort);
    const remark = `Left out: ${absent.join(", ")} not there; \`npm run test:interop -- --full --install\` builds them.`;
    return { rows: [], remarks: [remark] };
  },
};
