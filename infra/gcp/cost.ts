import { readFileSync } from "node:fs";
import { join } from "node:path";

interface Step {
  readonly requests: number;
  readonly seconds: number;
  /** Published and pushed, each message at least 1 KiB. */
  readonly pubsubKibibytes: number;
  readonly reads: number;
  readonly writes: number;
  readonly tasks: number;
  readonly logKibibytes: number;
}

interface Prices {
  readonly asOf: string;
  readonly prices: Readonly<
    Record<
      | "vcpuSecond"
      | "gibSecond"
      | "millionRequests"
      | "pubsubTebibyte"
      | "hundredThousandReads"
      | "hundredThousandWrites"
      | "millionTasks"
      | "logGibibyte",
      number
    >
  >;
  readonly instance: { readonly vcpus: number; readonly gibibytes: number };
  readonly perPush: { readonly evaluate: Step /** For each cluster. */; readonly deliver: Step };
}

const MILLION = 1_000_000;
const KIB_PER_GIB = 1_048_576;

export const readPrices = (): Prices =>
  JSON.parse(readFileSync(join(import.meta.dirname, "prices.json"), "utf8")) as Prices;

export interface Cost {
  readonly functions: number;
  readonly messages: number;
  readonly state: number;
  readonly logs: number;
  readonly total: number;
}

/** What a million pushes cost that reach `clusters` clusters, with `together` pieces of work at a time in one instance. */
export const costOfMillion = (
  { prices, instance, perPush }: Prices,
  clusters: number,
  together: number,
): Cost => {
  const sum = (of: (step: Step) => number): number => of(perPush.evaluate) + clusters * of(perPush.deliver);
  const secondPrice = instance.vcpus * prices.vcpuSecond + instance.gibibytes * prices.gibSecond;
  const functions =
    (sum(({ seconds }) => seconds) / together) * MILLION * secondPrice +
    sum(({ requests }) => requests) * prices.millionRequests;
  const messages =
    ((sum(({ pubsubKibibytes }) => pubsubKibibytes) * MILLION) / KIB_PER_GIB / 1_024) *
      prices.pubsubTebibyte +
    sum(({ tasks }) => tasks) * prices.millionTasks;
  const state =
    (sum(({ reads }) => reads) * prices.hundredThousandReads +
      sum(({ writes }) => writes) * prices.hundredThousandWrites) *
    10;
  const logs = ((sum(({ logKibibytes }) => logKibibytes) * MILLION) / KIB_PER_GIB) * prices.logGibibyte;
  return { functions, messages, state, logs, total: functions + messages + state + logs };
};

const CASES = [
  { clusters: 1, together: 1 },
  { clusters: 1, together: 4 },
  { clusters: 10, together: 1 },
  { clusters: 10, together: 4 },
] as const;

const money = (amount: number): string => `$${amount.toFixed(2)}`;

/** The table of docs/gcp.md. */
export const toCostTable = (prices: Prices): string => {
  const rows = CASES.map(({ clusters, together }) => {
    const { functions, messages, state, logs, total } = costOfMillion(prices, clusters, together);
    const cells = [functions, messages, state, logs].map(money);
    return `| ${[clusters, together, ...cells, `**${money(total)}**`].join(" | ")} |`;
  });
  return [
    "| Clusters | Pieces of work at a time in one instance | Functions | Pub/Sub, Cloud Tasks | Firestore | Logs | A million pushes |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
};
