import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { makeFolder } from "../../shared/adapters/node/make-folder.ts";
import { cannotOpen } from "../../shared/adapters/node/sqlite/database.ts";
import { PipelineError } from "../../shared/errors.ts";

const SQLITE_BUSY = 5;

const isBusy = (cause: unknown): boolean => (cause as { errcode?: number }).errcode === SQLITE_BUSY;

const openLock = (statePath: string): DatabaseSync => {
  try {
    makeFolder(dirname(statePath));
    return new DatabaseSync(`${statePath}.lock`, { timeout: 0 });
  } catch (cause) {
    throw cannotOpen(statePath, cause);
  }
};

/**
 * Keeps a second runtime off the same state file: each would free the other's leases. The lock is a transaction
 * on a file of its own, which the system ends with the process, however it dies.
 */
export const lockInstance = (statePath: string): { release(): void } => {
  const lock = openLock(statePath);
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
    if (!isBusy(cause)) throw cannotOpen(statePath, cause);
    const message = `another sluice already serves ${statePath}; stop it, or set state.path in sluice.yaml to another file`;
    throw new PipelineError(message, { code: "CONFIG_INVALID", cause });
  }
  return {
    release() {
      lock.exec("ROLLBACK");
      lock.close();
    },
  };
};
