import { readFileSync } from "node:fs";
import { join } from "node:path";

interface Step {
  readonly gigabytes: number;
  readonly seconds: number;
  readonly queueRequests: number;
  /** Transactions cost twice; the indexes' own writes are in it. */
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly busEvents: number;
  readonly logKilobytes: number;
}

interface Prices {
  readonly asOf: string;
  readonly prices: Readonly<
    Record<
      | "functionGbSecond"
      | "millionInvocations"
      | "millionQueueRequests"
      | "millionWriteUnits"
      | "millionReadUnits"
      | "millionBusEvents"
      | "logGigabyte",
      number
    >
  >;
  readonly perPush: {
    readonly evaluate: Step;
    /** For each cluster. */
    readonly deliver: Step;
  };
}

const MILLION = 1_000_000;
const CLUSTERS = [1, 10, 50] as const;

export const readAwsPrices = (): Prices =>
  JSON.parse(readFileSync(join(import.meta.dirname, "prices.json"), "utf8")) as Prices;

export interface AwsCost {
  readonly functions: number;
  readonly queues: number;
  readonly table: number;
  readonly bus: number;
  readonly logs: number;
  readonly total: number;
}

/** What a million pushes cost that reach `clusters` clusters each. */
export const costOfMillionOnAws = ({ prices, perPush }: Prices, clusters: number): AwsCost => {
  const sum = (of: (step: Step) => number): number => of(perPush.evaluate) + clusters * of(perPush.deliver);
  const functions =
    sum(({ gigabytes, seconds }) => gigabytes * seconds) * MILLION * prices.functionGbSecond +
    sum(() => 1) * prices.millionInvocations;
  const queues = sum(({ queueRequests }) => queueRequests) * prices.millionQueueRequests;
  const table =
    sum(({ writeUnits }) => writeUnits) * prices.millionWriteUnits +
    sum(({ readUnits }) => readUnits) * prices.millionReadUnits;
  const bus = sum(({ busEvents }) => busEvents) * prices.millionBusEvents;
  const logs = sum(({ logKilobytes }) => logKilobytes) * prices.logGigabyte;
  return { functions, queues, table, bus, logs, total: functions + queues + table + bus + logs };
};

const money = (amount: number): string => `$${amount.toFixed(2)}`;

/** The table of docs/aws.md. */
export const toAwsCostTable = (prices: Prices): string => {
  const rows = CLUSTERS.map((clusters) => {
    const { functions, queues, table, bus, logs, total } = costOfMillionOnAws(prices, clusters);
    return `| ${clusters} | ${[functions, queues, table, bus, logs].map(money).join(" | ")} | **${money(total)}** |`;
  });
  return [
    "| Clusters | Lambda | SQS | DynamoDB | EventBridge | Logs | A million pushes |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
};
