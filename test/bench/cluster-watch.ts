import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { peerBinary } from "../interop/install/cache.ts";
import type { ControlPlane } from "../interop/world/control-plane.ts";

/** One object as the API server last told it. */
export interface Told {
  readonly name: string;
  /** When somebody last asked for a reconciliation; empty: never. */
  readonly requestedAt: string;
  readonly revision: string;
  readonly ready: string;
}

export interface ClusterWatch {
  latest(name: string): Told | undefined;
  /** When an object first looked like that, on the clock of `performance`. Counts from now on. */
  next(name: string, isThere: (told: Told) => boolean, timeoutMs?: number): Promise<number>;
  stop(): void;
}

const NEXT_TIMEOUT_MS = 60_000;
const FIELDS = [
  "{.metadata.name}",
  String.raw`{.metadata.annotations.reconcile\.fluxcd\.io/requestedAt}`,
  "{.status.artifact.revision}",
  '{.status.conditions[?(@.type=="Ready")].status}',
].join("|");

interface Waiter {
  readonly name: string;
  readonly isThere: (told: Told) => boolean;
  readonly done: () => void;
}

/** Watches a namespace's OCIRepositories as an operator would, by kubectl: each change is known as it comes. */
export const watchSources = (plane: ControlPlane, namespace: string): ClusterWatch => {
  const output = `--output=jsonpath=${FIELDS}{"\\n"}`;
  const args = ["get", "ocirepository", `--namespace=${namespace}`, "--watch", output];
  const env = { ...process.env, KUBECONFIG: plane.kubeconfigFile };
  const child = spawn(peerBinary("kubernetes", "kubectl"), args, {
    env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const known = new Map<string, Told>();
  const waiters = new Set<Waiter>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const [name = "", requestedAt = "", revision = "", ready = ""] = line.split("|");
    const told = { name, requestedAt, revision, ready };
    known.set(name, told);
    for (const waiter of waiters) if (waiter.name === name && waiter.isThere(told)) waiter.done();
  });
  return {
    latest: (name) => known.get(name),
    next: (name, isThere, timeoutMs = NEXT_TIMEOUT_MS) =>
      new Promise((resolve, reject) => {
        const waiter: Waiter = {
          name,
          isThere,
          done() {
            clearTimeout(timer);
            waiters.delete(waiter);
            resolve(performance.now());
          },
        };
        const timer = setTimeout(() => {
          waiters.delete(waiter);
          reject(new Error(`${name} did not get there in time: ${JSON.stringify(known.get(name))}`));
        }, timeoutMs);
        waiters.add(waiter);
      }),
    stop: () => void child.kill("SIGTERM"),
  };
};
