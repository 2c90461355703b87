import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { peerBinary, peerFiles } from "../install/cache.ts";
import {
  type Condition,
  type ControlPlane,
  type KubernetesObject,
  startControlPlane,
} from "./control-plane.ts";
import { answers, type RunningServer } from "./process.ts";
import { freePorts, type World } from "./world.ts";

/** Where everything of Flux lives in these clusters. */
export const FLUX_NAMESPACE = "flux-system";

export interface NotificationController {
  readonly server: RunningServer;
  /** Webhook paths are below this: `<receiverUrl><status.webhookPath>`. */
  readonly receiverUrl: string;
  /** Where other controllers send their events. */
  readonly eventsUrl: string;
  /** Starts it again on the same ports, after it was stopped or killed. */
  restart(): Promise<void>;
}

export interface FluxCluster extends ControlPlane {
  readonly notification: NotificationController;
  readonly source: RunningServer;
  /** The URL a Receiver listens on, once the controller says it is ready. */
  webhookUrl(receiver: string, namespace?: string): Promise<string>;
  /** `undefined` before there is such a condition. */
  conditionOf(object: KubernetesObject, type: string): Condition | undefined;
}

const installCrds = async (plane: ControlPlane): Promise<void> => {
  for (const peer of ["source-crds", "notification-crds"] as const) {
    await plane.kubectl(["apply", "--server-side", `--filename=${peerFiles(peer)}`]);
  }
  await plane.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]);
  await plane.kubectl(["create", "namespace", FLUX_NAMESPACE]);
};

/** How a controller finds its cluster, and is told which namespace is its own. */
export const controllerEnv = ({ kubeconfigFile }: ControlPlane, home: string) => ({
  KUBECONFIG: kubeconfigFile,
  RUNTIME_NAMESPACE: FLUX_NAMESPACE,
  HOME: home,
});

const startNotificationController = async (
  world: World,
  plane: ControlPlane,
): Promise<NotificationController> => {
  const [receiverPort, eventsPort, metricsPort, healthPort] = await freePorts(4);
  const start = () =>
    world.start({
      name: "notification-controller",
      file: peerBinary("notification-controller"),
      args: [
        `--receiverAddr=127.0.0.1:${receiverPort}`,
        `--events-addr=127.0.0.1:${eventsPort}`,
        `--metrics-addr=127.0.0.1:${metricsPort}`,
        `--health-addr=127.0.0.1:${healthPort}`,
        "--enable-leader-election=false",
        "--log-level=debug",
      ],
      env: controllerEnv(plane, world.folder),
      // Readiness by the webhook port itself: the health end point is a little ahead of it.
      isReady: answers(`http://127.0.0.1:${receiverPort}/`, (status) => status === 404),
    });
  let server = await start();
  return {
    get server() {
      return server;
    },
    receiverUrl: `http://127.0.0.1:${receiverPort}`,
    eventsUrl: `http://127.0.0.1:${eventsPort}/`,
    async restart() {
      await server.stop();
      server = await start();
    },
  };
};

const startSourceController = async (world: World, plane: ControlPlane, eventsUrl: string) => {
  const [storagePort, metricsPort, healthPort] = await freePorts(3);
  const storage = join(world.folder, `source-${storagePort}`);
  await mkdir(storage);
  return world.start({
    name: "source-controller",
    file: peerBinary("source-controller"),
    args: [
      `--storage-path=${storage}`,
      `--storage-addr=127.0.0.1:${storagePort}`,
      `--storage-adv-addr=127.0.0.1:${storagePort}`,
      `--metrics-addr=127.0.0.1:${metricsPort}`,
      `--health-addr=127.0.0.1:${healthPort}`,
      `--events-addr=${eventsUrl}`,
      "--enable-leader-election=false",
      "--log-level=debug",
    ],
    env: controllerEnv(plane, world.folder),
    isReady: answers(`http://127.0.0.1:${healthPort}/readyz`),
  });
};

/** A cluster as far as Sluice sees one: the API, notification-controller and source-controller, all real. */
export const startCluster = async (world: World): Promise<FluxCluster> => {
  const plane = await startControlPlane(world);
  await installCrds(plane);
  const notification = await startNotificationController(world, plane);
  const source = await startSourceController(world, plane, notification.eventsUrl);
  const conditionOf: FluxCluster["conditionOf"] = (object, type) =>
    object.status?.conditions?.find((entry) => entry.type === type);
  return {
    ...plane,
    notification,
    source,
    conditionOf,
    async webhookUrl(receiver, namespace = FLUX_NAMESPACE) {
      const object = await plane.waitFor(
        "receiver",
        namespace,
        receiver,
        (found) => conditionOf(found, "Ready")?.status === "True" && found.status?.webhookPath !== undefined,
      );
      return `${notification.receiverUrl}${object.status?.webhookPath}`;
    },
  };
};
