import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AWS_IDENTITY } from "./aws.ts";
import type { World } from "./world.ts";

export interface LambdaSpec {
  readonly name: string;
  /** The module that exports `handler`. */
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  /** Host names that this function reaches on loopback. */
  readonly hosts?: readonly string[];
  /** The instance runs that much later than now. */
  readonly clockAheadMs?: number;
}

/** One instance of a function. */
export interface Lambda {
  /** Calls the handler and gives what it answered. Throws what it threw. */
  invoke(event: unknown, timeoutMs?: number): Promise<unknown>;
  /** As the platform ends an instance: at once, whatever it is doing. */
  kill(): Promise<void>;
  log(): string;
}

interface Reply {
  readonly id: string;
  readonly result?: unknown;
  readonly error?: string;
}

const START_TIMEOUT_MS = 60_000;
const TIMEOUT_MS = 60_000;

/** What Lambda sets for every function. */
const lambdaEnv = (name: string): Readonly<Record<string, string>> => ({
  ...AWS_IDENTITY,
  AWS_DEFAULT_REGION: AWS_IDENTITY.AWS_REGION,
  AWS_SESSION_TOKEN: "session",
  AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
  AWS_LAMBDA_FUNCTION_NAME: `sluice-test-${name}`,
  AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
  AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
  LAMBDA_TASK_ROOT: "/var/task",
  LAMBDA_RUNTIME_DIR: "/var/runtime",
  TZ: ":UTC",
  LANG: "en_US.UTF-8",
});

/** The words before Node: in a mount namespace of its own, in which the hosts file says where names lead. */
const withHosts = (world: World, hosts: readonly string[]): readonly string[] => {
  if (hosts.length === 0) return [];
  const file = join(world.folder, `hosts-${randomUUID()}`);
  writeFileSync(file, `127.0.0.1 localhost ${hosts.join(" ")}\n`);
  return ["unshare", "--mount", "sh", "-c", `mount --bind ${file} /etc/hosts && exec "$@"`, "sh"];
};

const awaitReply = (child: ChildProcess, id: string, timeoutMs: number, log: () => string): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      settle();
      reject(new Error(`${why}:\n${log().slice(-4_000)}`));
    };
    const onMessage = (reply: Reply): void => {
      if (reply.id !== id) return;
      settle();
      resolve(reply);
    };
    const onExit = (): void => fail("the function ended");
    const overdue = setTimeout(() => fail("no answer in time"), timeoutMs);
    const settle = (): void => {
      clearTimeout(overdue);
      child.off("message", onMessage).off("exit", onExit);
    };
    child.on("message", onMessage).on("exit", onExit);
  });

/** Starts an instance and waits until its module is loaded. */
export const startLambda = async (world: World, spec: LambdaSpec): Promise<Lambda> => {
  const logFile = join(world.folder, "logs", `lambda-${spec.name}-${randomUUID().slice(0, 8)}.log`);
  const output = openSync(logFile, "a");
  const { clockAheadMs } = spec;
  const ahead = clockAheadMs === undefined ? [] : ["--import", join(import.meta.dirname, "clock-ahead.ts")];
  const child = spawn(
    "setpriv",
    [
      "--pdeathsig",
      "KILL",
      ...withHosts(world, spec.hosts ?? []),
      process.execPath,
      ...ahead,
      join(import.meta.dirname, "lambda-child.ts"),
      spec.file,
    ],
    {
      env: {
        PATH: process.env.PATH,
        ...lambdaEnv(spec.name),
        ...(clockAheadMs === undefined ? {} : { CLOCK_AHEAD_MS: String(clockAheadMs) }),
        ...spec.env,
      },
      stdio: ["ignore", output, output, "ipc"],
    },
  );
  const log = (): string => readFileSync(logFile, "utf8");
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };
  world.atEnd(kill);
  await awaitReply(child, "ready", START_TIMEOUT_MS, log);
  return {
    log,
    kill,
    async invoke(event, timeoutMs = TIMEOUT_MS) {
      const id = randomUUID();
      const reply = awaitReply(child, id, timeoutMs, log);
      child.send({ id, event, timeoutMs });
      const { result, error } = await reply;
      if (error !== undefined) throw new Error(error);
      return result;
    },
  };
};
