import { createClient } from "oras-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toBlob } from "../../functions/local/playground/sigstore/oci.ts";
import { createPolicyPorts } from "../../functions/local/policy-ports.ts";
import { createKubernetesApi } from "../../shared/adapters/node/kubernetes-api.ts";
import { listKubernetesManifests } from "../../shared/adapters/node/kubernetes-manifests.ts";
import { createInitCommand } from "../../shared/cli/commands/init.ts";
import { createPlanCommand } from "../../shared/cli/commands/plan.ts";
import { compileCatalog } from "../../shared/policy/catalog/compile-catalog.ts";
import { SERVED_RESOURCES } from "../../shared/policy/manifest/kinds.ts";
import { readManifests } from "../../shared/policy/manifest/read-manifests.ts";
import { compileSelector } from "../../shared/policy/select.ts";
import type { Subscription } from "../../shared/ports.ts";
import { runSluice } from "../support/cli.ts";
import { packTar, tarEntry } from "../support/tar.ts";
import { isIsolated } from "./namespace.ts";
import { noteSeen } from "./seen.ts";
import type { KubernetesObject } from "./world/control-plane.ts";
import { FLUX_NAMESPACE, type FluxCluster, startCluster } from "./world/flux.ts";
import { pushImage } from "./world/images.ts";
import { startDistribution } from "./world/registries.ts";
import { createWorld, type World } from "./world/world.ts";

const POLICY = createPolicyPorts({});
const SOURCE_API = "source.toolkit.fluxcd.io/v1";
const IMAGE_LAYER = "application/vnd.oci.image.layer.v1.tar";
const CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
const CHART_CONFIG = "application/vnd.cncf.helm.config.v1+json";

const RANGES = [
  "*",
  ">=1.0.0",
  ">=1.0.0 <2.0.0",
  "1.x",
  "~1.2.0",
  "^1.2.3",
  ">=0.0.0-0",
  ">=1.0.0-0 <2.0.0",
  "1.2.x-0",
  "<1.0.0",
  "1.2.3 || 2.x",
  "1.0.0 - 1.4.0",
  "!=2.0.0",
  "=>1.2",
  ">=9.0.0",
] as const;

const FILTERS = [
  { range: ">=0.0.0-0", filter: "-rc" },
  { range: "*", filter: "^v" },
  { range: ">=1.0.0", filter: "^1\\.(2|3)\\." },
  { range: "*", filter: "nothing" },
] as const;

const TAGS = [
  "0.9.0",
  "1.0.0",
  "1.2.3",
  "v1.2.9",
  "1.3.0-rc.1",
  "1.2.10",
  "1.4.0",
  "1.2-rc.1",
  "2.0.0",
  "latest",
  "stable",
  "01.02.03x",
  "1.2",
  "not-a-version",
];
const CHARTS = ["0.1.0", "1.0.0", "1.2.0", "1.2.1+build.5", "1.3.0-rc.1", "2.0.0"];

const selectors: readonly Readonly<Record<string, unknown>>[] = [
  ...RANGES.map((semver) => ({ semver })),
  ...FILTERS.map(({ range, filter }) => ({ semver: range, semverFilter: filter })),
  { tag: "stable" },
  { tag: "1.2.3" },
  { tag: "absent" },
  {},
];

/** Sluice's pick and Flux's, side by side, as tags move under both. */
describe.skipIf(!isIsolated())("the real source-controller selects what Sluice selects", () => {
  let world: World;
  let cluster: FluxCluster;
  let host = "";
  const client = createClient({ plainHttp: () => true });
  const names: { kind: "ocirepository" | "helmchart"; name: string }[] = [];

  const ociRepository = (
    name: string,
    ref: unknown,
    repository: string,
    mediaType: string,
  ): KubernetesObject => ({
    apiVersion: SOURCE_API,
    kind: "OCIRepository",
    metadata: { name, namespace: FLUX_NAMESPACE },
    spec: {
      interval: "60m",
      insecure: true,
      url: `oci://${host}/${repository}`,
      ref,
      layerSelector: { mediaType, operation: "copy" },
    },
  });

  const helmChart = (name: string, version: string): KubernetesObject => ({
    apiVersion: SOURCE_API,
    kind: "HelmChart",
    metadata: { name, namespace: FLUX_NAMESPACE },
    spec: { interval: "60m", chart: "demo", version, sourceRef: { kind: "HelmRepository", name: "charts" } },
  });

  const pushChart = async (version: string): Promise<void> => {
    const repository = { registry: host, repository: "charts/demo" };
    const chart = `apiVersion: v2\nname: demo\nversion: ${version}\n`;
    const layer = toBlob(packTar(tarEntry("demo/Chart.yaml", chart)), CHART_LAYER);
    const config = toBlob(
      Buffer.from(JSON.stringify({ apiVersion: "v2", name: "demo", version })),
      CHART_CONFIG,
    );
    for (const { bytes } of [layer, config]) await client.pushBlob(repository, bytes);
    const describeBlob = ({ mediaType, digest, bytes }: typeof layer) => ({
      mediaType,
      digest,
      size: bytes.length,
    });
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const manifest = {
      schemaVersion: 2,
      mediaType,
      config: describeBlob(config),
      layers: [describeBlob(layer)],
    };
    const bytes = Buffer.from(JSON.stringify(manifest));
    await client.pushManifest(repository, { mediaType, bytes }, { tag: version.replaceAll("+", "_") });
  };

  beforeAll(async () => {
    world = await createWorld();
    host = (await startDistribution(world, { version: 3 })).host;
    cluster = await startCluster(world);
    for (const tag of TAGS) await pushImage({ host, repository: "acme/app", tag, text: tag });
    for (const version of CHARTS) await pushChart(version);
    const objects: KubernetesObject[] = [
      {
        apiVersion: SOURCE_API,
        kind: "HelmRepository",
        metadata: { name: "charts", namespace: FLUX_NAMESPACE },
        spec: { interval: "60m", type: "oci", insecure: true, url: `oci://${host}/charts` },
      },
    ];
    for (const [index, ref] of selectors.entries()) {
      objects.push(ociRepository(`app-${index}`, ref, "acme/app", IMAGE_LAYER));
      names.push({ kind: "ocirepository", name: `app-${index}` });
    }
    for (const [index, range] of ["*", "1.x", ">=1.2.0-0"].entries()) {
      objects.push(ociRepository(`chart-oci-${index}`, { semver: range }, "charts/demo", CHART_LAYER));
      names.push({ kind: "ocirepository", name: `chart-oci-${index}` });
    }
    for (const [index, version] of ["*", "1.x", "~1.2.0", ">=0.0.0-0", "1.0.0", "<1.0.0", ">=7"].entries()) {
      objects.push(helmChart(`chart-${index}`, version));
      names.push({ kind: "helmchart", name: `chart-${index}` });
    }
    await cluster.apply(objects);
  });
  afterAll(() => world?.close());

  const isSettled = (object: KubernetesObject, requestedAt: string): boolean => {
    const ready = cluster.conditionOf(object, "Ready");
    return (
      object.status?.lastHandledReconcileAt === requestedAt &&
      ready !== undefined &&
      ready.status !== "Unknown"
    );
  };

  /** Asks every object to look now, and answers what each took: its revision, or `none`. */
  const askFlux = async (): Promise<ReadonlyMap<string, string>> => {
    const requestedAt = `ask-${Date.now()}`;
    for (const kind of ["ocirepository", "helmchart"]) {
      await cluster.kubectl([
        "annotate",
        kind,
        "--all",
        "--overwrite",
        `--namespace=${FLUX_NAMESPACE}`,
        `reconcile.fluxcd.io/requestedAt=${requestedAt}`,
      ]);
    }
    const taken = new Map<string, string>();
    for (const { kind, name } of names) {
      const object = await cluster.waitFor(
        kind,
        FLUX_NAMESPACE,
        name,
        (one) => isSettled(one, requestedAt),
        120_000,
      );
      const ready = cluster.conditionOf(object, "Ready")?.status === "True";
      taken.set(name, ready ? (object.status?.artifact?.revision ?? "none") : "none");
    }
    return taken;
  };

  /** The same, by Sluice's own catalog of that cluster and the registry's tags. */
  const askSluice = async (): Promise<ReadonlyMap<string, string>> => {
    const signal = AbortSignal.timeout(60_000);
    const api = createKubernetesApi({ kind: "kubeconfig", path: cluster.kubeconfigFile });
    const { manifests } = readManifests(await listKubernetesManifests(api, SERVED_RESOURCES, signal));
    const { subscriptions } = compileCatalog({ clusters: [{ cluster: "c", manifests }] });
    const taken = new Map<string, string>();
    for (const subscription of subscriptions)
      taken.set(subscription.object.name, await pickFor(subscription));
    return taken;
  };

  const pickFor = async ({ selector, repository, object }: Subscription): Promise<string> => {
    const tags = await Array.fromAsync(client.listTags(repository));
    const pick = compileSelector(selector).pick(tags);
    if (pick.kind !== "picked") return "none";
    // A HelmChart's revision is the chart's version; the tag writes `_` for `+`.
    if (object.kind === "HelmChart") return pick.tag.replaceAll("_", "+");
    const digest = await client.resolveTag(repository, pick.tag);
    return digest === undefined ? "none" : `${pick.tag}@${digest}`;
  };

  const compare = async (after: string): Promise<void> => {
    const [flux, sluice] = [await askFlux(), await askSluice()];
    expect(flux.size).toBeGreaterThanOrEqual(30);
    noteSeen("selection beside source-controller", {
      after,
      objects: flux.size,
      taken: Object.fromEntries(flux),
    });
    expect(Object.fromEntries(sluice)).toEqual(Object.fromEntries(flux));
  };

  test("over the tags that are there", () => compare("start"));

  test("and sluice init and plan read it from the cluster's own API", async () => {
    const commands = [createInitCommand(POLICY), createPlanCommand(POLICY)];
    const sluice = (...argv: readonly string[]) => runSluice(argv, { commands, cwd: world.folder });
    const drafted = await sluice("init", "--kubeconfig", cluster.kubeconfigFile);
    expect(drafted).toMatchObject({
      code: 0,
      stdout: `wrote sluice.yaml for ${names.length} objects, in observe mode. Next: sluice plan\n`,
    });
    const { stdout } = await sluice("plan", "--offline", "--json");
    const planned = JSON.parse(stdout).objects.map(({ object }: { object: string }) =>
      object.split("/").at(-1),
    );
    expect(planned.toSorted()).toEqual(names.map(({ name }) => name).toSorted());
  });

  test("after newer, older and odd tags were pushed", async () => {
    for (const tag of ["1.2.11", "1.9.0", "2.1.0-rc.1", "0.9.1", "v3.0.0", "1.2.3.4", "stable"]) {
      await pushImage({ host, repository: "acme/app", tag, text: `second ${tag}` });
    }
    for (const version of ["1.2.2", "2.1.0-beta.1", "0.2.0"]) await pushChart(version);
    await compare("pushes");
  });

  test("after tags were moved to other bytes", async () => {
    for (const tag of ["1.9.0", "v3.0.0", "stable", "latest"]) {
      await pushImage({ host, repository: "acme/app", tag, text: `moved ${tag}` });
    }
    await compare("moves");
  });

  test("after tags were deleted", async () => {
    const repository = { registry: host, repository: "acme/app" };
    for (const tag of ["1.9.0", "v3.0.0", "1.2.11"]) await client.deleteTag(repository, tag);
    await compare("deletions");
  });
});
