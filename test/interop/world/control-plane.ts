import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { peerBinary } from "../install/cache.ts";
import { runToEnd } from "./command.ts";
import { answers, type RunningServer } from "./process.ts";
import { freePorts, type World } from "./world.ts";

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly resourceVersion?: string;
  };
  readonly status?: ObjectStatus;
  readonly [field: string]: unknown;
}

export interface Condition {
  readonly type: string;
  /** `True`, `False` or `Unknown`. */
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
}

/** What Flux's kinds write, as far as tests read it. */
export interface ObjectStatus {
  readonly conditions?: readonly Condition[];
  readonly observedGeneration?: number;
  readonly lastHandledReconcileAt?: string;
  readonly artifact?: { readonly revision: string; readonly digest: string; readonly url: string };
  readonly webhookPath?: string;
}

/** A Kubernetes API with nothing behind it: objects are kept, nobody runs them. */
export interface ControlPlane {
  readonly url: string;
  readonly apiServer: RunningServer;
  readonly kubeconfigFile: string;
  /** Throws with kubectl's own words. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** Server-side apply, in the order given. */
  apply(objects: readonly KubernetesObject[]): Promise<void>;
  /** `undefined`: there is no such object. */
  get(kind: string, namespace: string, name: string): Promise<KubernetesObject | undefined>;
  /** Asks until `isThere` holds; throws with the object's last state when it does not in time. */
  waitFor(
    kind: string,
    namespace: string,
    name: string,
    isThere: (object: KubernetesObject) => boolean,
    timeoutMs?: number,
  ): Promise<KubernetesObject>;
}

const WAIT_MS = 60_000;
const POLL_MS = 50;
const USER = "interop";

const startEtcd = async (world: World, folder: string): Promise<string> => {
  const [port, peerPort] = await freePorts(2);
  const [client, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`];
  await world.start({
    name: "etcd",
    file: peerBinary("etcd"),
    args: [
      `--data-dir=${join(folder, "etcd")}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      "--unsafe-no-fsync",
    ],
    isReady: answers(`${client}/health`),
  });
  return client;
};

const writeServiceAccountKeys = async (folder: string) => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const files = { privateKeyFile: join(folder, "sa.key"), publicKeyFile: join(folder, "sa.pub") };
  await writeFile(files.privateKeyFile, privateKey.export({ type: "pkcs8", format: "pem" }));
  await writeFile(files.publicKeyFile, publicKey.export({ type: "spki", format: "pem" }));
  return files;
};

/** The API server makes its own certificate, so the first question can only be asked without one. */
const isReady = (port: number, token: string) => (signal: AbortSignal) =>
  new Promise<boolean>((done, fail) => {
    const headers = { authorization: `Bearer ${token}` };
    const options = { host: "127.0.0.1", port, path: "/readyz", headers, signal, rejectUnauthorized: false };
    request(options, (response) => {
      response.resume();
      done(response.statusCode === 200);
    })
      .on("error", fail)
      .end();
  });

const kubeconfig = (url: string, caFile: string, token: string): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "interop", cluster: { server: url, "certificate-authority": caFile } }],
    users: [{ name: USER, user: { token } }],
    contexts: [{ name: "interop", context: { cluster: "interop", user: USER } }],
    "current-context": "interop",
  });

const startApiServer = async (world: World, folder: string, etcd: string) => {
  const pki = join(folder, "pki");
  await mkdir(pki);
  const [port = 0] = await freePorts(1);
  const token = randomBytes(16).toString("hex");
  const tokenFile = join(pki, "tokens.csv");
  await writeFile(tokenFile, `${token},${USER},${USER},system:masters\n`);
  const { privateKeyFile, publicKeyFile } = await writeServiceAccountKeys(pki);
  const server = await world.start({
    name: "kube-apiserver",
    file: peerBinary("kubernetes", "kube-apiserver"),
    args: [
      `--etcd-servers=${etcd}`,
      "--bind-address=127.0.0.1",
      "--advertise-address=127.0.0.1",
      "--endpoint-reconciler-type=none",
      `--secure-port=${port}`,
      `--cert-dir=${pki}`,
      `--token-auth-file=${tokenFile}`,
      "--authorization-mode=AlwaysAllow",
      "--service-cluster-ip-range=10.0.0.0/24",
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${publicKeyFile}`,
      `--service-account-signing-key-file=${privateKeyFile}`,
      "--disable-admission-plugins=ServiceAccount",
    ],
    isReady: isReady(port, token),
    readyTimeoutMs: 120_000,
  });
  return { server, url: `https://127.0.0.1:${port}`, caFile: join(pki, "apiserver.crt"), token };
};

/** Starts etcd and kube-apiserver; everything is allowed to the one user there is. */
export const startControlPlane = async (world: World): Promise<ControlPlane> => {
  const folder = join(world.folder, "control-plane");
  await mkdir(folder);
  const { server, url, caFile, token } = await startApiServer(world, folder, await startEtcd(world, folder));
  const kubeconfigFile = join(folder, "kubeconfig");
  await writeFile(kubeconfigFile, kubeconfig(url, caFile, token));
  await readFile(caFile); // it must exist by now: every client checks the server by it
  const binary = peerBinary("kubernetes", "kubectl");
  const env = { HOME: folder, KUBECONFIG: kubeconfigFile };

  const kubectl: ControlPlane["kubectl"] = async (args, input = "") => {
    const { code, stdout, output } = await runToEnd(binary, args, { cwd: folder, env, input });
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")} ended with ${code}:\n${output}`);
    return stdout;
  };
  const get: ControlPlane["get"] = async (kind, namespace, name) => {
    const args = ["get", kind, name, `--namespace=${namespace}`, "--output=json", "--ignore-not-found"];
    const text = await kubectl(args);
    return text === "" ? undefined : (JSON.parse(text) as KubernetesObject);
  };
  return {
    url,
    apiServer: server,
    kubeconfigFile,
    kubectl,
    get,
    async apply(objects) {
      const list = { apiVersion: "v1", kind: "List", items: objects };
      await kubectl(["apply", "--server-side", "--force-conflicts", "--filename=-"], JSON.stringify(list));
    },
    async waitFor(kind, namespace, name, isThere, timeoutMs = WAIT_MS) {
      const deadlineMs = Date.now() + timeoutMs;
      let last: KubernetesObject | undefined;
      while (Date.now() < deadlineMs) {
        last = await get(kind, namespace, name);
        if (last !== undefined && isThere(last)) return last;
        await sleep(POLL_MS);
      }
      throw new Error(
        `${kind} ${namespace}/${name} did not get there in time: ${JSON.stringify(last?.status)}`,
      );
    },
  };
};
