import { createHash } from "node:crypto";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { median, quantile } from "./row.ts";
import { formatNumber } from "./table.ts";

const GIB = 1024 ** 3;
const LOOPS = 40;
const BLOCK = Buffer.alloc(1024 * 1024, 7);

/** A fixed piece of work, always the same: when it takes longer, something else has the machine. */
const runLoop = (): void => {
  let sum = 0;
  for (let index = 0; index < 2_000_000; index++) sum = (sum * 31 + index) | 0;
  createHash("sha256").update(BLOCK).update(String(sum)).digest();
};

export interface Calibration {
  readonly medianMs: number;
  /** 90th percentile over the fastest. */
  readonly spread: number;
  /** Share of the time in which this process wanted the processor and did not have it. */
  readonly waiting: number;
}

export const calibrate = (): Calibration => {
  const times: number[] = [];
  const usage = process.cpuUsage();
  const startMs = performance.now();
  for (let loop = 0; loop < LOOPS; loop++) {
    const beforeMs = performance.now();
    runLoop();
    times.push(performance.now() - beforeMs);
  }
  const wallMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(usage);
  return {
    medianMs: median(times),
    spread: quantile(times, 0.9) / Math.min(...times),
    waiting: Math.max(0, 1 - (user + system) / 1_000 / wallMs),
  };
};

/** Above either, others had a good part of the machine and the figures say little. */
const LOUD = { waiting: 0.05, spread: 1.25 };

export const isLoud = ({ waiting, spread }: Calibration): boolean =>
  waiting > LOUD.waiting || spread > LOUD.spread;

const percent = (share: number): string => `${Math.round(share * 100)} %`;

const describe = ({ medianMs, spread, waiting }: Calibration): string =>
  `${formatNumber(medianMs)} ms (90th percentile ${formatNumber(spread)} × the fastest, waiting for the processor ${percent(waiting)})`;

/** The fixed loop before and after a bench, and what follows for its figures. */
export const describeNoise = (before: Calibration, after: Calibration): string => {
  const line = `Noise: fixed loop before ${describe(before)}, after ${describe(after)}.`;
  return isLoud(before) || isLoud(after)
    ? `${line} **The machine was busy with other work: absolute figures and tails here are worse than its own.**`
    : line;
};

/** What the figures were made on; nothing that names the machine. */
export const describeMachine = (): string => {
  const [first] = cpus();
  const load = loadavg().map(formatNumber).join(", ");
  return [
    `- Processor: ${first?.model.trim() ?? "unknown"}, ${availableParallelism()} cores; ${formatNumber(totalmem() / GIB)} GiB of memory; ${process.platform} ${process.arch}`,
    `- Node ${process.versions.node}, SQLite ${process.versions.sqlite ?? "unknown"}, OpenSSL ${process.versions.openssl}`,
    `- Load average at the start: ${load} (1, 5, 15 minutes)`,
  ].join("\n");
};
