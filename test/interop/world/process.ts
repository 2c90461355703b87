import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export interface ServerSpec {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Asked again and again until it says true; throwing counts as "not yet". */
  readonly isReady: (signal: AbortSignal) => Promise<boolean>;
  readonly readyTimeoutMs?: number;
}

export interface RunningServer {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  log(): string;
  /** Ends it and waits until it is gone. Safe to call twice. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 50;
const PROBE_TIMEOUT_MS = 2_000;
const STOP_TIMEOUT_MS = 10_000;
const LOG_TAIL = 15;

const isOver = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

const stopChild = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (isOver(child)) return;
  const exited = once(child, "exit");
  child.kill(signal);
  const forced = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(forced);
};

const waitUntilReady = async (child: ChildProcess, spec: ServerSpec, log: () => string): Promise<void> => {
  const lastWords = () => log().trimEnd().split("\n").slice(-LOG_TAIL).join("\n  ");
  const deadlineMs = Date.now() + (spec.readyTimeoutMs ?? READY_TIMEOUT_MS);
  while (Date.now() < deadlineMs) {
    if (isOver(child)) throw new Error(`${spec.name} ended before it was ready:\n  ${lastWords()}`);
    if (await spec.isReady(AbortSignal.timeout(PROBE_TIMEOUT_MS)).catch(() => false)) return;
    await sleep(POLL_MS);
  }
  throw new Error(`${spec.name} was not ready in time:\n  ${lastWords()}`);
};

/** Starts a server and waits until it answers. The kernel ends it when this process dies in whatever way. */
export const startServer = async (spec: ServerSpec, logFile: string): Promise<RunningServer> => {
  const output = openSync(logFile, "a");
  const args = ["--pdeathsig", "KILL", spec.file, ...spec.args];
  const env = { ...process.env, ...spec.env };
  const child = spawn("setpriv", args, { env, stdio: ["ignore", output, output] });
  await once(child, "spawn");
  const log = () => readFileSync(logFile, "utf8");
  try {
    await waitUntilReady(child, spec, log);
  } catch (error) {
    await stopChild(child, "SIGKILL");
    throw error;
  }
  return {
    name: spec.name,
    pid: child.pid ?? 0,
    logFile,
    log,
    stop: (signal = "SIGTERM") => stopChild(child, signal),
  };
};

/** Ready once a GET answers with the status wanted (any 2xx by default). */
export const answers =
  (url: string, wanted = (status: number) => status >= 200 && status < 300) =>
  async (signal: AbortSignal): Promise<boolean> => {
    const response = await fetch(url, { signal });
    await response.body?.cancel();
    return wanted(response.status);
  };
