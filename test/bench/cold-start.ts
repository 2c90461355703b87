import type { Bench, BenchResult, Effort } from "./bench.ts";
import { openAwsCold } from "./cold/aws.ts";
import type { ColdCase, ColdCloud } from "./cold/cold-case.ts";
import { openGoogleCold } from "./cold/gcp.ts";
import { runProcess } from "./processes.ts";
import { type BenchRow, median } from "./row.ts";

const ROUNDS = { quick: 2, full: 15 } as const;
const MIB = 1_048_576;

const CLOUDS: readonly (() => Promise<ColdCloud>)[] = [openAwsCold, openGoogleCold];

/** In turn, so that whatever else the machine does falls on all three. */
const measure = async ({ name, ours, bare, empty, bundleBytes }: ColdCase, rounds: number) => {
  const times = { ours: [] as number[], bare: [] as number[], empty: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    times.ours.push(await runProcess(ours));
    times.bare.push(await runProcess(bare));
    times.empty.push(await runProcess(empty));
  }
  const [oursMs, bareMs, emptyMs] = [median(times.ours), median(times.bare), median(times.empty)];
  const rows: readonly BenchRow[] = [
    {
      name: `${name}: process start → first event answered`,
      value: oursMs,
      unit: "ms",
      beside: { name: "bare handler, same calls", value: bareMs },
      goal: { of: "ratio", atMost: 1.25 },
    },
    {
      name: `${name}, beside a handler that does nothing`,
      value: oursMs,
      unit: "ms",
      beside: { name: "empty handler", value: emptyMs },
    },
    { name: `${name}: bundle`, value: bundleBytes / MIB, unit: "MiB" },
  ];
  return rows;
};

const run = async (effort: Effort): Promise<BenchResult> => {
  const rows: BenchRow[] = [];
  for (const open of CLOUDS) {
    const cloud = await open();
    try {
      for (const one of cloud.cases) rows.push(...(await measure(one, ROUNDS[effort])));
    } finally {
      await cloud.close();
    }
  }
  return { rows, remarks: [] };
};

export const coldStart: Bench = {
  name: "cold",
  title: "Cold start of the functions",
  about:
    "Each function bundled as it is deployed, loaded by a new process as the platform's runtime loads it, from the process's start until its first event is answered. Services answer on loopback. Beside it, in turn: a bundle that makes the same SDK calls, one after the other, and does nothing else; and one that makes none. A bundle's size is that of all its code: the file a start loads and what is loaded on first use.",
  run,
};
