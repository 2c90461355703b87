import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { PipelineError } from "../../../errors.ts";
import { makeFolder } from "../make-folder.ts";
import { MIGRATIONS } from "./migrations.ts";

/** `durable`: on disk (fsync) before the promise resolves. `relaxed`: survives the process, not a power cut. */
export type Durability = "durable" | "relaxed";

/**
 * One SQLite file in WAL mode. Writes that arrive in the same turn of the event loop share one transaction
 * and one fsync (group commit): that is what makes durable intake fast.
 */
export interface Database {
  /** A prepared statement, cached by its text. */
  statement(sql: string): StatementSync;
  write<T>(durability: Durability, work: () => T): Promise<T>;
  /** Ends pending writes first. */
  close(): Promise<void>;
}

interface PendingWrite {
  readonly durability: Durability;
  run(): void;
  resolve(): void;
  reject(error: unknown): void;
}

const BUSY_TIMEOUT_MS = 5_000;
/** 32 MiB. A checkpoint syncs the file itself while everybody waits, so it is not one commit in twenty-five. */
const CHECKPOINT_PAGES = 8_192;

const migrate = (database: DatabaseSync): void => {
  const row = database.prepare("PRAGMA user_version").get();
  const version = Number(row?.user_version ?? 0);
  if (version > MIGRATIONS.length) {
    throw new PipelineError(
      `the state file is of schema version ${version}, this Sluice knows ${MIGRATIONS.length}: run the newer Sluice that wrote it`,
      { code: "CONFIG_INVALID" },
    );
  }
  for (let next = version; next < MIGRATIONS.length; next++) {
    database.exec(`BEGIN IMMEDIATE; ${MIGRATIONS[next]}; PRAGMA user_version = ${next + 1}; COMMIT`);
  }
};

const reasonOf = (cause: unknown): string =>
  cause instanceof Error ? cause.message.split(/[:,\n]/, 2).join(":") : "no reason given";

/** What the system or SQLite says of a state file that cannot be opened, and where that is mended. */
export const cannotOpen = (path: string, cause: unknown): PipelineError => {
  if (cause instanceof PipelineError) return cause;
  return new PipelineError(
    `${path}: the state file cannot be opened (${reasonOf(cause)}); check it and its folder, or set state.path in sluice.yaml to another file`,
    { code: "CONFIG_INVALID", cause },
  );
};

const open = (path: string): DatabaseSync => {
  let database: DatabaseSync | undefined;
  try {
    if (path !== ":memory:") makeFolder(dirname(path));
    database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY");
    database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    migrate(database);
    return database;
  } catch (cause) {
    database?.close();
    throw cannotOpen(path, cause);
  }
};

const unavailable = (path: string, cause: unknown): PipelineError =>
  new PipelineError(
    `${path}: the state file cannot be written (${reasonOf(cause)}); look for space on its disk, its permissions, and who else holds it`,
    { code: "STATE_UNAVAILABLE", cause },
  );

/** Opens (and creates or migrates) the file at `path`. Throws CONFIG_INVALID for a file of a newer Sluice. */
export const openDatabase = (path: string): Database => {
  const database = open(path);
  const statements = new Map<string, StatementSync>();
  let pending: PendingWrite[] = [];
  let scheduled = false;
  let synchronous: "FULL" | "NORMAL" = "FULL";

  const transaction = (writes: readonly PendingWrite[]): void => {
    const wanted = writes.some(({ durability }) => durability === "durable") ? "FULL" : "NORMAL";
    if (wanted !== synchronous) database.exec(`PRAGMA synchronous = ${wanted}`);
    synchronous = wanted;
    database.exec("BEGIN IMMEDIATE");
    try {
      for (const write of writes) write.run();
      database.exec("COMMIT");
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  };

  // One write that fails must not take its neighbours along: they are run again, each alone.
  const flushOneByOne = (writes: readonly PendingWrite[]): void => {
    for (const write of writes) {
      try {
        transaction([write]);
        write.resolve();
      } catch (error) {
        write.reject(error instanceof PipelineError ? error : unavailable(path, error));
      }
    }
  };

  const flush = (): void => {
    scheduled = false;
    const writes = pending;
    pending = [];
    if (writes.length === 0) return;
    try {
      transaction(writes);
    } catch {
      flushOneByOne(writes);
      return;
    }
    for (const write of writes) write.resolve();
  };

  return {
    statement(sql) {
      let statement = statements.get(sql);
      if (statement === undefined) {
        statement = database.prepare(sql);
        statements.set(sql, statement);
      }
      return statement;
    },
    write(durability, work) {
      return new Promise((resolve, reject) => {
        let result: ReturnType<typeof work>;
        pending.push({
          durability,
          run: () => {
            result = work();
          },
          resolve: () => resolve(result),
          reject,
        });
        if (scheduled) return;
        scheduled = true;
        setImmediate(flush);
      });
    },
    async close() {
      flush();
      statements.clear();
      database.close();
    },
  };
};
