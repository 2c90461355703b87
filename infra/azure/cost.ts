import { readFileSync } from "node:fs";
import { join } from "node:path";

interface Step {
  readonly executions: number;
  /** Billed: Flex Consumption rounds up to one. */
  readonly seconds: number;
  readonly queueOperations: number;
  readonly tableTransactions: number;
  readonly logKilobytes: number;
}

interface Prices {
  readonly asOf: string;
  readonly prices: Readonly<
    Record<
      | "functionGbSecond"
      | "millionExecutions"
      | "millionEventGridOperations"
      | "millionQueueOperations"
      | "millionTableTransactions"
      | "logGigabyte",
      number
    >
  >;
  readonly perPush: {
    readonly eventGridOperations: number;
    readonly evaluate: Step;
    /** For each cluster. */
    readonly deliver: Step;
  };
  readonly instanceGigabytes: number;
}

const MILLION = 1_000_000;

export const readAzurePrices = (): Prices =>
  JSON.parse(readFileSync(join(import.meta.dirname, "prices.json"), "utf8")) as Prices;

export interface Cost {
  readonly functions: number;
  readonly queues: number;
  readonly tables: number;
  readonly events: number;
  readonly logs: number;
  readonly total: number;
}

/** What a million pushes cost that reach `clusters` clusters, with `together` pieces of work at a time in one instance. */
export const costOfMillionOnAzure = (
  { prices, perPush, instanceGigabytes }: Prices,
  clusters: number,
  together: number,
): Cost => {
  const sum = (of: (step: Step) => number): number => of(perPush.evaluate) + clusters * of(perPush.deliver);
  const gbSeconds = (sum(({ executions, seconds }) => executions * seconds) * instanceGigabytes) / together;
  const functions =
    gbSeconds * MILLION * prices.functionGbSecond +
    sum(({ executions }) => executions) * prices.millionExecutions;
  const queues = sum(({ queueOperations }) => queueOperations) * prices.millionQueueOperations;
  const tables = sum(({ tableTransactions }) => tableTransactions) * prices.millionTableTransactions;
  const events = perPush.eventGridOperations * prices.millionEventGridOperations;
  const logs = sum(({ logKilobytes }) => logKilobytes) * prices.logGigabyte;
  return { functions, queues, tables, events, logs, total: functions + queues + tables + events + logs };
};

const CASES = [
  { clusters: 1, together: 1 },
  { clusters: 1, together: 8 },
  { clusters: 10, together: 1 },
  { clusters: 10, together: 8 },
] as const;

const money = (amount: number): string => `$${amount.toFixed(2)}`;

/** The table of docs/azure.md. */
export const toAzureCostTable = (prices: Prices): string => {
  const rows = CASES.map(({ clusters, together }) => {
    const { functions, queues, tables, events, logs, total } = costOfMillionOnAzure(
      prices,
      clusters,
      together,
    );
    const amounts = [functions, queues, tables, events, logs].map(money);
    return `| ${clusters} | ${together} | ${amounts.join(" | ")} | **${money(total)}** |`;
  });
  return [
    "| Clusters | Work at a time in an instance | Functions | Queues | Tables | Event Grid | Logs | A million pushes |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
};
