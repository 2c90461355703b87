import type { Leaf } from "../../../unit/adapters/certificates.ts";
import type { StorageUris } from "../../world/azurite.ts";
import { type Meter, type MeteredCall, startMeter } from "../../world/meter.ts";
import type { World } from "../../world/world.ts";

/** What Azure counts of what one app and its host asked of storage. */
export interface Billed {
  readonly tableTransactions: number;
  /** Without the host's looks at a queue where nothing is. */
  readonly queueOperations: number;
}

const BATCHED = /^(?:GET|POST|PUT|PATCH|DELETE|MERGE) \S+ HTTP\/1\.1/gm;

/** Each operation of a transaction counts by itself. */
const transactionsOf = ({ path, body }: MeteredCall): number =>
  path.endsWith("/$batch") ? (body.match(BATCHED) ?? []).length : 1;

/** Messages that are taken together are one operation; counted as if each had been taken alone. */
const operationsOf = ({ method, answer }: MeteredCall): number =>
  method === "GET" ? (answer.match(/<QueueMessage>/g) ?? []).length : 1;

/** An app's storage, with meters before it. */
export interface MeteredStorage {
  readonly uris: Pick<StorageUris, "table" | "queue">;
  reset(): void;
  billed(): Billed;
}

const sum = ({ calls }: Meter, of: (call: MeteredCall) => number): number =>
  calls.reduce((total, call) => total + of(call), 0);

export const meterStorage = async (
  world: World,
  uris: Pick<StorageUris, "table" | "queue">,
  certificate: Leaf,
): Promise<MeteredStorage> => {
  const [table, queue] = await Promise.all([
    startMeter(world, uris.table, certificate),
    startMeter(world, uris.queue, certificate),
  ]);
  const behind = (uri: string, { host }: Meter): string => {
    const url = new URL(uri);
    url.host = host;
    return url.href;
  };
  return {
    uris: { table: behind(uris.table, table), queue: behind(uris.queue, queue) },
    reset: () => {
      for (const { calls } of [table, queue]) calls.length = 0;
    },
    billed: () => ({
      tableTransactions: sum(table, transactionsOf),
      queueOperations: sum(queue, operationsOf),
    }),
  };
};
