import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { peerBinary, peerFiles } from "../install/cache.ts";
import { controllerEnv, type FluxCluster } from "./flux.ts";
import { answers, type RunningServer } from "./process.ts";
import { freePorts, type World } from "./world.ts";

const KIND_ENUM =
  "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/resources/items/properties/kind/enum/-";

/** As the operator does to the Flux that it installs: Receivers may name its kinds. */
const allowProvidersInReceivers = async (cluster: FluxCluster): Promise<void> => {
  const patch = [{ op: "add", path: KIND_ENUM, value: "ResourceSetInputProvider" }];
  const crd = "receivers.notification.toolkit.fluxcd.io";
  await cluster.kubectl(["patch", "crd", crd, "--type=json", `--patch=${JSON.stringify(patch)}`]);
};

/** Starts flux-operator, which manages no Flux here: only ResourceSets and their input providers. */
export const startFluxOperator = async (world: World, cluster: FluxCluster): Promise<RunningServer> => {
  await cluster.kubectl(["apply", "--server-side", `--filename=${peerFiles("flux-operator-crds")}`]);
  await cluster.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]);
  await allowProvidersInReceivers(cluster);
  const [metricsPort, healthPort] = await freePorts(2);
  const storage = join(world.folder, "operator");
  await mkdir(storage);
  return world.start({
    name: "flux-operator",
    file: peerBinary("flux-operator"),
    args: [
      `--metrics-addr=127.0.0.1:${metricsPort}`,
      `--health-addr=127.0.0.1:${healthPort}`,
      `--storage-path=${storage}`,
      "--web-server-port=0",
      "--enable-leader-election=false",
      "--log-level=debug",
    ],
    // It starts in FIPS mode only.
    env: { ...controllerEnv(cluster, world.folder), GODEBUG: "fips140=on" },
    isReady: answers(`http://127.0.0.1:${healthPort}/readyz`),
  });
};
