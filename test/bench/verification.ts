import { fileURLToPath } from "node:url";
import type { Bench, BenchResult, Effort } from "./bench.ts";
import type { ManyResult } from "./child/verify-many.ts";
import { runToJson, splitCores } from "./processes.ts";
import { type BenchRow, median } from "./row.ts";
import { measureCold } from "./verification-cold.ts";
import { measureCosign } from "./verification-cosign.ts";
import { createSample, KINDS, type Kind, type Sample, TITLES } from "./verification-evidence.ts";
import { runFloor } from "./verification-floor.ts";
import { verifyWithLibrary } from "./verification-library.ts";
import { createContext, verifyWithOurs } from "./verification-ours.ts";

const MANY = fileURLToPath(new URL("./child/verify-many.ts", import.meta.url));

interface Sizes {
  /** Artifacts per kind that are timed. */
  readonly samples: number;
  /** Verifications before anything is timed, so that the compiler has settled. */
  readonly warmUp: number;
  readonly coldStarts: number;
  readonly sustainedMs: number;
}

const SIZES: Readonly<Record<Effort, Sizes>> = {
  quick: { samples: 5, warmUp: 10, coldStarts: 1, sustainedMs: 200 },
  full: { samples: 150, warmUp: 600, coldStarts: 15, sustainedMs: 4000 },
};

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

/** Artifacts on which floor and ours take turns before the library has its turn on the same. */
const BLOCK = 10;

const toBlocks = (samples: readonly Sample[]): readonly (readonly Sample[])[] =>
  Array.from({ length: Math.ceil(samples.length / BLOCK) }, (_, index) =>
    samples.slice(index * BLOCK, (index + 1) * BLOCK),
  );

/**
 * Floor and ours in turn on each artifact, so that whatever else the machine does falls on both alike; the library
 * in blocks between them, since what it leaves to the garbage collector would be collected on our time.
 */
const measure = async (kind: Kind, samples: readonly Sample[]): Promise<Timings> => {
  const floor: number[] = [];
  const ours: number[] = [];
  const library: number[] = [];
  for (const block of toBlocks(samples)) {
    for (const sample of block) {
      // A context of its own: no certificate is remembered, which is what makes each one new.
      const context = createContext();
      floor.push(await timed(() => runFloor(kind)));
      ours.push(await timed(() => verifyWithOurs(kind, sample, context)));
    }
    for (const sample of block) library.push(await timed(() => verifyWithLibrary(kind, sample)));
  }
  return { ours, floor, library };
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

interface Measured {
  readonly kind: Kind;
  readonly timings: Timings;
  readonly cpu: { readonly ours: number; readonly floor: number };
}

const toRows = ({ kind, timings, cpu }: Measured): readonly BenchRow[] => {
  const title = TITLES[kind];
  const ours = median(timings.ours);
  const unit = "ms";
  return [
    {
      name: title,
      value: ours,
      unit,
      beside: { name: "crypto floor", value: median(timings.floor) },
      goal: { of: "ratio", atMost: 1.5 },
    },
    {
      name: title,
      value: cpu.ours,
      unit,
      beside: { name: "crypto floor", value: cpu.floor },
      note: "processor time of all threads",
    },
    {
      name: `@sigstore/verify, ${title}`,
      value: median(timings.library),
      unit,
      beside: { name: "ours", value: ours },
      // With keys alone there is one signature to check: no verifier can be four times faster than another.
      ...(kind === "keyed" ? {} : { goal: { of: "ratio", atLeast: 4 } as const }),
    },
  ];
};

const measureKind = async (kind: Kind, { samples: count, warmUp }: Sizes): Promise<Measured> => {
  const samples = Array.from({ length: count }, () => createSample(kind));
  await measure(kind, repeat(samples, warmUp));
  return { kind, timings: await measure(kind, samples), cpu: await measureCpu(kind, samples) };
};

const isManyResult = (value: unknown): value is ManyResult =>
  typeof value === "object" && value !== null && "perSecond" in value && typeof value.perSecond === "number";

const sustain = async (kind: Kind, cores: string | undefined, durationMs: number): Promise<number> => {
  const result = await runToJson({ args: [MANY, kind, `${durationMs}`], cores });
  return isManyResult(result) ? result.perSecond : Number.NaN;
};

/** Verifications a second in one process: on one core, and on two, where the costly curve runs beside the rest. */
const measureSustained = async ({ sustainedMs }: Sizes): Promise<readonly BenchRow[]> => {
  const cores = splitCores();
  const rows: BenchRow[] = [];
  for (const kind of KINDS) {
    const unit = "/s";
    const name = `sustained, ${TITLES[kind]}`;
    if (cores === undefined) {
      rows.push({ name, value: await sustain(kind, undefined, sustainedMs), unit, note: "cores not pinned" });
      continue;
    }
    const one = await sustain(kind, cores.measured, sustainedMs);
    const two = await sustain(kind, `${cores.measured},${cores.others.split(",")[0]}`, sustainedMs);
    rows.push({ name, value: two, unit, note: "2 cores", beside: { name: "1 core", value: one } });
  }
  return rows;
};

/** A new process each time, ours bundled beside cosign's own program, on a bundle by the same Sigstore. */
const measureProcesses = async ({ coldStarts }: Sizes): Promise<BenchResult> => {
  const { verifyMs, emptyMs } = await measureCold(coldStarts);
  const unit = "ms";
  const ours: BenchRow = {
    name: "first verification in a new process",
    value: verifyMs,
    unit,
    note: "bundled, compile cache on, registry left out",
    beside: { name: "empty process", value: emptyMs },
  };
  const cosignMs = await measureCosign(coldStarts);
  if (cosignMs === undefined) {
    return {
      rows: [ours],
      remarks: ["cosign is not installed here (npm run test:interop installs it): left out."],
    };
  }
  const beside = { name: "ours", value: verifyMs };
  const cosign: BenchRow = {
    name: "cosign verify",
    value: cosignMs,
    unit,
    note: "registry on loopback",
    beside,
  };
  return { rows: [ours, cosign], remarks: [] };
};

const run = async (effort: Effort): Promise<BenchResult> => {
  const sizes = SIZES[effort];
  const rows: BenchRow[] = [];
  for (const kind of KINDS) rows.push(...toRows(await measureKind(kind, sizes)));
  const processes = await measureProcesses(sizes);
  rows.push(...processes.rows, ...(await measureSustained(sizes)));
  return { rows, remarks: [...REMARKS, ...processes.remarks] };
};

const REMARKS = [
  "The floor holds no import of the certificate's key, no parsing and no hashing; with keys alone it is one P-256 verification, beside which reading the bundle shows.",
  "With keys alone `@sigstore/verify` has that one signature to check as well, and already spends most of its time on it: whoever spent nothing on the rest would be no more than its ratio to the floor faster. Hence no goal there.",
  "With a timestamp there are two P-384 signatures: one runs on another thread while this one checks the other. On one core, or while others hold the second, there is nothing to overlap with, and handing over costs processor time. Without a timestamp nothing is handed over.",
  "A new process spends its time on starting Node, on loading crypto and the bundle, and on checking the trusted root's own chains; patterns that are literal text are compared without being compiled.",
];

/** Warm and cold verification beside the arithmetic it cannot avoid and beside @sigstore/verify. */
export const verification: Bench = {
  name: "verification",
  title: "Verifying a signature",
  about:
    "From the stored bytes of a new artifact signed with a new certificate to a verdict: trusted root and patterns at hand, no certificate or verdict remembered, registry left out. The crypto floor are the signatures nobody can do without (legacy: 3 × P-256, 1 × P-384; Rekor v1: 4 and 1; Rekor v2 with a timestamp: 2, 2 and Ed25519; keyed: 1 × P-256), one after the other on keys at hand, in turn with ours; the library in blocks of ten between them.",
  run,
};
