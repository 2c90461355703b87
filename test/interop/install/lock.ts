import { spawn } from "node:child_process";
import { once } from "node:events";
import { PeerUnavailable } from "./command.ts";

/**
 * Holds an advisory lock until the returned function is called. The kernel drops it when this process dies in
 * whatever way, which a lock file with a process id in it cannot promise.
 */
export const holdLock = async (file: string, onWait: () => void): Promise<() => void> => {
  const child = spawn("flock", [file, "sh", "-c", "echo held; exec cat >/dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const failed = once(child, "error").then(([cause]) => {
    throw new PeerUnavailable("flock is needed to share the peers' folder (Debian: util-linux)", { cause });
  });
  const ended = once(child, "exit").then(([code]) => {
    throw new PeerUnavailable(`flock on ${file} ended with ${code}`);
  });
  ended.catch(() => {});
  const waiting = setTimeout(onWait, 1_000);
  try {
    await Promise.race([once(child.stdout, "data"), failed, ended]);
  } finally {
    clearTimeout(waiting);
  }
  child.unref();
  return () => child.stdin.end();
};
