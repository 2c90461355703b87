import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { readScriptArguments, refuseArguments } from "../../infra/script-arguments.ts";
import { simulate } from "./simulate.ts";
import { addTotals, isLively, NO_TOTALS, type Totals, toTotals } from "./totals.ts";

const DEFAULT_SEEDS = 50_000;
const USAGE = `npm run simulate                            ${DEFAULT_SEEDS} seeds from 1
npm run simulate -- --seeds N --first M     N seeds from M
npm run simulate -- --seed N                plays exactly this one
npm run simulate -- --jobs N                on so many cores (default: 2)
`;
const PROGRESS_RUNS = 500;
const SHOWN_VIOLATIONS = 5;

interface Share {
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

type Report =
  | { readonly kind: "failed"; readonly seed: number; readonly violations: readonly string[] }
  | { readonly kind: "progress"; readonly totals: Totals };

const runShare = async ({ first, last, step }: Share, report: (one: Report) => void): Promise<void> => {
  let totals = NO_TOTALS;
  for (let seed = first; seed <= last; seed += step) {
    const outcome = await simulate(seed);
    if (outcome.violations.length > 0) report({ kind: "failed", seed, violations: outcome.violations });
    totals = addTotals(totals, toTotals(outcome));
    if (totals.runs % PROGRESS_RUNS === 0 || seed + step > last) report({ kind: "progress", totals });
  }
};

const runWorker = (share: Share, onReport: (one: Report) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: share });
    worker.on("message", onReport);
    worker.on("error", reject);
    worker.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`worker ended with ${code}`))));
  });

const main = async (): Promise<number> => {
  const { values } = readScriptArguments(USAGE, {
    seeds: { type: "string", default: `${DEFAULT_SEEDS}` },
    first: { type: "string", default: "1" },
    seed: { type: "string" },
    jobs: { type: "string", default: `${Math.min(2, availableParallelism())}` },
  });
  const first = Number(values.seed ?? values.first);
  const count = values.seed === undefined ? Number(values.seeds) : 1;
  const jobs = Math.min(Number(values.jobs), count);
  if (![first, count, jobs].every((value) => Number.isSafeInteger(value) && value > 0)) {
    return refuseArguments("--seed, --seeds, --first and --jobs take whole numbers from 1");
  }
  const startedAtMs = performance.now();
  const parts: Totals[] = [];
  let failed = 0;
  const share = (job: number): Promise<void> =>
    runWorker({ first: first + job, last: first + count - 1, step: jobs }, (report) => {
      if (report.kind === "failed") {
        failed++;
        const shown = report.violations.slice(0, SHOWN_VIOLATIONS).map((line) => `\n  ${line}`);
        console.log(`seed ${report.seed} failed:${shown.join("")}`);
        return;
      }
      parts[job] = report.totals;
      const seconds = Math.round((performance.now() - startedAtMs) / 1_000);
      if (job === 0)
        console.log(
          `${parts.reduce(addTotals, NO_TOTALS).runs} of ${count} seeds in ${seconds} s, ${failed} failed`,
        );
    });
  await Promise.all(Array.from({ length: jobs }, (_, job) => share(job)));
  const totals = parts.reduce(addTotals, NO_TOTALS);
  if (count > 100 && !isLively(totals)) {
    console.error("simulate: too little happened for the checks to mean anything");
    return 1;
  }
  const { runs, answered, deliveries, crashes } = totals;
  console.log(
    `${runs - failed} passed, ${failed} failed: ${answered} events taken, ${deliveries} changes delivered, ${crashes} crashes`,
  );
  return failed === 0 ? 0 : 1;
};

if (isMainThread) process.exitCode = await main();
else await runShare(workerData as Share, (one) => parentPort?.postMessage(one));
