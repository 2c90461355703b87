import { type BenchRow, median } from "./row.ts";
import { createSample, KINDS, type Kind, type Sample, TITLES } from "./verification-evidence.ts";
import { runFloor } from "./verification-floor.ts";
import { verifyWithLibrary } from "./verification-library.ts";
import { createContext, verifyWithOurs } from "./verification-ours.ts";

export interface VerificationBenchOptions {
  /** Artifacts per kind that are timed. */
  readonly samples: number;
  /** Verifications before anything is timed, so that the compiler has settled. */
  readonly warmUp: number;
}

interface Timings {
  readonly ours: readonly number[];
  readonly floor: readonly number[];
  readonly library: readonly number[];
}

const timed = async (work: () => void | Promise<void>): Promise<number> => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};

/** The three in turn on each artifact, so that whatever else the machine does falls on all alike. */
const measure = async (kind: Kind, samples: readonly Sample[]): Promise<Timings> => {
  const timings: { ours: number[]; floor: number[]; library: number[] } = {
    ours: [],
    floor: [],
    library: [],
  };
  for (const sample of samples) {
    // A context of its own: no certificate is remembered, which is what makes each one new.
    const context = createContext();
    timings.floor.push(await timed(() => runFloor(kind)));
    timings.ours.push(await timed(() => verifyWithOurs(kind, sample, context)));
    timings.library.push(await timed(() => verifyWithLibrary(kind, sample)));
  }
  return timings;
};

const repeat = (samples: readonly Sample[], times: number): readonly Sample[] =>
  Array.from({ length: times }, (_, index) => samples[index % samples.length]).filter(
    (sample) => sample !== undefined,
  );

const cpuMs = (usage: NodeJS.CpuUsage): number => (usage.user + usage.system) / 1000;

/** Processor time of all threads, per verification: what a busy machine pays. */
const measureCpu = async (
  kind: Kind,
  samples: readonly Sample[],
): Promise<{ ours: number; floor: number }> => {
  const beforeOurs = process.cpuUsage();
  for (const sample of samples) await verifyWithOurs(kind, sample, createContext());
  const ours = cpuMs(process.cpuUsage(beforeOurs)) / samples.length;
  const beforeFloor = process.cpuUsage();
  for (const _ of samples) runFloor(kind);
  return { ours, floor: cpuMs(process.cpuUsage(beforeFloor)) / samples.length };
};

const toRows = (
  kind: Kind,
  { ours, floor, library }: Timings,
  cpu: { ours: number; floor: number },
): readonly BenchRow[] => {
  const name = `verify ${TITLES[kind]}`;
  const own = median(ours);
  return [
    { name, value: own, unit: "ms", note: "median; new artifact, new certificate, registry left out" },
    {
      name: `${name}: crypto floor`,
      value: median(floor),
      unit: "ms",
      note: "same run, one after the other",
    },
    { name: `${name}: ratio to the floor`, value: own / median(floor), unit: "×", note: "goal ≤ 1.5" },
    { name: `${name}: ratio to the floor, processor time`, value: cpu.ours / cpu.floor, unit: "×" },
    { name: `${name}: @sigstore/verify`, value: median(library), unit: "ms" },
    {
      name: `${name}: faster than @sigstore/verify`,
      value: median(library) / own,
      unit: "×",
      note: "goal ≥ 4",
    },
  ];
};

/** Warm verification beside the arithmetic it cannot avoid and beside @sigstore/verify. */
export const benchVerification = async (
  { samples: count, warmUp }: VerificationBenchOptions = { samples: 100, warmUp: 400 },
): Promise<readonly BenchRow[]> => {
  const rows: BenchRow[] = [];
  for (const kind of KINDS) {
    const samples = Array.from({ length: count }, () => createSample(kind));
    await measure(kind, repeat(samples, warmUp));
    rows.push(...toRows(kind, await measure(kind, samples), await measureCpu(kind, samples)));
  }
  return rows;
};
