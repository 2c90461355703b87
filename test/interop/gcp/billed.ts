import { type Meter, type MeteredCall, startMeter } from "../world/meter.ts";
import type { World } from "../world/world.ts";
import { NAMES, type Parts } from "./deployment.ts";

/** What Google counts of what one function asked for. */
export interface Billed {
  readonly reads: number;
  /** Deletes among them, which cost less. */
  readonly writes: number;
  /** Messages of work, each of them less than a kibibyte; decisions are told only where that is on. */
  readonly published: number;
}

const listAt = (text: string, name: string): readonly unknown[] =>
  (JSON.parse(text || "{}") as Readonly<Record<string, readonly unknown[] | undefined>>)[name] ?? [];

/** A document that is not there is a read, and so is a query without a result. */
const readsOf = ({ path, body, answer }: MeteredCall): number => {
  if (path.endsWith(":batchGet")) return listAt(body, "documents").length;
  if (!path.endsWith(":runQuery")) return 0;
  return Math.max(1, (JSON.parse(answer) as readonly object[]).filter((one) => "document" in one).length);
};

const writesOf = ({ path, body }: MeteredCall): number =>
  path.endsWith(":commit") ? listAt(body, "writes").length : 0;

const publishedOf = ({ path, body }: MeteredCall): number =>
  path.endsWith(":publish") && !path.includes(NAMES.decisionsTopic) ? listAt(body, "messages").length : 0;

/** The services of one function, with meters before them. */
export interface MeteredParts {
  readonly env: Readonly<Record<string, string>>;
  reset(): void;
  billed(): Billed;
}

export const meterParts = async (
  world: World,
  { firestore, pubsub }: Pick<Parts, "firestore" | "pubsub">,
): Promise<MeteredParts> => {
  const meters: readonly [Meter, Meter] = await Promise.all([
    startMeter(world, firestore.url),
    startMeter(world, pubsub.url),
  ]);
  const [state, topics] = meters;
  const sum = (of: (call: MeteredCall) => number): number =>
    meters.flatMap(({ calls }) => calls).reduce((total, call) => total + of(call), 0);
  return {
    env: { FIRESTORE_EMULATOR_HOST: state.host, PUBSUB_EMULATOR_HOST: topics.host },
    reset: () => {
      for (const { calls } of meters) calls.length = 0;
    },
    billed: () => ({ reads: sum(readsOf), writes: sum(writesOf), published: sum(publishedOf) }),
  };
};
