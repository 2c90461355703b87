import type { Bench, BenchResult, Effort } from "./bench.ts";
import { openAwsCold } from "./cold/aws.ts";
import { openFollowedCold } from "./cold/aws-followed.ts";
import { openAzureCold } from "./cold/azure.ts";
import type { ColdCase, ColdCloud, ColdProcess } from "./cold/cold-case.ts";
import { openGoogleCold } from "./cold/gcp.ts";
import { type RunTimes, runProcess } from "./processes.ts";
import { type BenchRow, median } from "./row.ts";

const ROUNDS = { quick: 2, full: 15 } as const;
const MIB = 1_048_576;

/** What was tried to lower these, and what it brought in processor time of one start. */
const REMARKS: readonly string[] = [
  "On AWS most of a start is the SDK itself: its modules and its first request are what the bare handler spends its time on.",
  "What stands in for each platform's runtime is plain JavaScript in one file: Node would take 45 ms to strip its types, in each column, and every ratio would look better than it is. What was tried before that was measured with it.",
  "The first event of evaluate is a push as the registry's own rule puts it on the queue, of a repository that no object follows, as most pushes to a shared registry are: read, matched against the catalog and logged. A push that an object follows has its own rows: there ours also loads and uses verifier, regular expressions and two HTTP clients for the registry (ours, and Node's for its types), which the bare handler does not.",
  "Tried on AWS, and kept: YAML and the compiler of manifests (5 ms), regular expressions (6 ms) and the verifier only where a function verifies or the policy comes from manifests or an artifact; the SQS client (5 ms), JWTs and other clouds' logins (2 ms) on first use; sluice.yaml checked when packaging, so that a start reads JSON. Together, beside the bare handler: deliver from 1.25 to 1.09 ×, sweep from 1.25 to 1.08 ×, evaluate from 1.26 to 1.20 ×.",
  "Tried everywhere, and kept: verifier, selectors with their regular expressions and the registry's client only with the first push that an object follows (13 to 19 ms on AWS, 16 ms on Azure): on AWS evaluate from 1.24 to 1.15 × the bare handler in processor time, side by side.",
  "Tried everywhere, and kept: no --enable-source-maps. Node reads each file's map as it loads the file; stacks are mapped when something was thrown instead.",
  "Tried on Azure, and kept: the client of queues on its first use: evaluate from 1.22 to 1.18 × the bare handler in processor time, deliver from 1.13 to 1.11 ×, sweep from 1.14 to 1.09 ×; and no --enable-source-maps. What the host and its gRPC channel cost is in neither column: they are not here.",
  "Tried, and left: all that a start loads as one file, and the SDK's ES modules in place of its CommonJS, which brought nothing here; metrics on their first use (4 ms), since nearly every event has some; V8's compile cache, since Lambda keeps nothing of /tmp for a new instance, and a cache in the bundle counts only for the very build of Node that wrote it.",
];

const CLOUDS: readonly (() => Promise<ColdCloud>)[] = [
  openAwsCold,
  openFollowedCold,
  openAzureCold,
  openGoogleCold,
];

interface Figures {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** In turn, so that whatever else the machine does falls on all of them. */
const measureInTurn = async (
  processes: readonly ColdProcess[],
  rounds: number,
): Promise<readonly Figures[]> => {
  const runs: RunTimes[][] = processes.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, one] of processes.entries()) runs[index]?.push(await runProcess(one));
  }
  return runs.map((times) => ({
    wallMs: median(times.map(({ wallMs }) => wallMs)),
    cpuMs: median(times.map(({ cpuMs }) => cpuMs)),
  }));
};

const measure = async (one: ColdCase, rounds: number): Promise<readonly BenchRow[]> => {
  const { name, bundleBytes, verifies = false, ways = [] } = one;
  const others = ways.map(({ process }) => process);
  const [ours, bare, empty, ...started] = await measureInTurn(
    [one.ours, one.bare, one.empty, ...others],
    rounds,
  );
  if (ours === undefined || bare === undefined || empty === undefined) throw new Error(`${name} did not run`);
  return [
    {
      name: `${name}: process start → first event answered`,
      value: ours.wallMs,
      unit: "ms",
      beside: { name: "bare handler, same calls", value: bare.wallMs },
      ...(verifies ? {} : { goal: { of: "ratio", atMost: 1.25 } }),
    },
    {
      name: `${name}: processor time of that`,
      value: ours.cpuMs,
      unit: "ms",
      beside: { name: "bare handler, same calls", value: bare.cpuMs },
    },
    {
      name: `${name}, beside a handler that does nothing`,
      value: ours.wallMs,
      unit: "ms",
      beside: { name: "empty handler", value: empty.wallMs },
    },
    { name: `${name}: bundle`, value: bundleBytes / MIB, unit: "MiB" },
    ...ways.map((way, index) => ({
      name: `${name}, ${way.name}: processor time`,
      value: started[index]?.cpuMs ?? Number.NaN,
      unit: "ms",
      beside: { name: "as deployed", value: ours.cpuMs },
    })),
  ];
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
  return { rows, remarks: REMARKS };
};

export const coldStart: Bench = {
  name: "cold",
  title: "Cold start of the functions",
  about:
    "Each function bundled as it is deployed, loaded by a new process as the platform's runtime loads it, from the process's start until its first event is answered. Services answer on loopback. Beside it, in turn: a bundle that makes the same SDK calls, one after the other, and does nothing else; and one that makes none. A bundle's size is that of all its code: the file a start loads and what is loaded on first use.",
  run,
};
