import { execFileSync } from "node:child_process";
import { networkInterfaces } from "node:os";
import { peerBinary } from "./install/cache.ts";

const OPTIONS = [["--net"], ["--net", "--map-root-user"]] as const;

const works = (options: readonly string[]): boolean => {
  try {
    execFileSync("unshare", [...options, "true"], { stdio: "ignore", timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
};

/**
 * The words to put before a program so that it runs in a network of its own with loopback alone: some peers
 * listen on every interface, and nothing in the suite may need the network. `undefined`: not allowed here.
 */
export const isolatingPrefix = (): readonly string[] | undefined => {
  const options = OPTIONS.find(works);
  return options === undefined ? undefined : ["unshare", ...options, peerBinary("loopback")];
};

/** True where no interface but loopback exists. */
export const isIsolated = (): boolean =>
  Object.values(networkInterfaces()).every(
    (addresses) => addresses?.every(({ internal }) => internal) ?? true,
  );
