import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { type Catalog, createCatalog } from "../../shared/policy/catalog/catalog.ts";
import { compileSelector } from "../../shared/policy/select.ts";
import { peerBinary } from "../interop/install/cache.ts";
import { PeerUnavailable } from "../interop/install/command.ts";
import { installPeers } from "../interop/install/install.ts";
import { peers } from "../interop/peers.ts";
import { runJudge } from "../interop/semver/judge.ts";
import type { Bench, Effort } from "./bench.ts";
import { type BenchRow, median } from "./row.ts";
import { MATCHES, RANGE, toContent, toTags, WANTED } from "./selection-inputs.ts";
import { formatNumber } from "./table.ts";

interface Sizes {
  readonly tags: number;
  /** Selections that are timed, on either side. */
  readonly rounds: number;
  /** Sizes of the catalogs that one push is matched against. */
  readonly subscriptions: readonly number[];
  readonly manifests: number;
}

const SIZES: Readonly<Record<Effort, Sizes>> = {
  quick: { tags: 5_000, rounds: 3, subscriptions: [10, 1_000], manifests: 500 },
  full: { tags: 100_000, rounds: 25, subscriptions: [10, 1_000, 100_000], manifests: 10_000 },
};

const WARM_UP_ROUNDS = 10;
const PUSHES_PER_SAMPLE = 20_000;
const MS_PER_NS = 1e-6;

const timedMs = (work: () => void): number => {
  const start = performance.now();
  work();
  return performance.now() - start;
};

interface Timed {
  readonly selected: string | undefined;
  readonly ms: readonly number[];
}

const pickOurs = (tags: readonly string[], rounds: number): Timed => {
  const selector = compileSelector({ kind: "semver", range: RANGE, dialect: "flux" });
  for (let round = 0; round < WARM_UP_ROUNDS; round++) selector.pick(tags);
  let selected: string | undefined;
  const ms = Array.from({ length: rounds }, () =>
    timedMs(() => {
      const selection = selector.pick(tags);
      selected = selection.kind === "picked" ? selection.tag : undefined;
    }),
  );
  return { selected, ms };
};

interface JudgeTiming {
  readonly selected?: string;
  readonly answers: readonly number[];
}

/** Parse, check, keep the greatest, with the library that Flux uses; undefined where it cannot be built. */
const pickInGo = async (tags: readonly string[], rounds: number): Promise<Timed | undefined> => {
  try {
    await installPeers(
      peers.filter(({ name }) => name === "semver-judge"),
      () => {},
    );
  } catch (error) {
    if (error instanceof PeerUnavailable) return undefined;
    throw error;
  }
  const line = { id: 1, op: "time", range: RANGE, tags, rounds: rounds + WARM_UP_ROUNDS };
  const [answer] = (await runJudge(peerBinary("semver-judge"), [line])) as readonly JudgeTiming[];
  if (answer === undefined) throw new Error("the judge gave no answer");
  return { selected: answer.selected, ms: answer.answers.slice(WARM_UP_ROUNDS).map((ns) => ns * MS_PER_NS) };
};

const pickRows = async ({ tags: count, rounds }: Sizes): Promise<readonly BenchRow[]> => {
  const tags = toTags(count);
  const go = await pickInGo(tags, rounds);
  const ours = pickOurs(tags, rounds);
  const name = `highest of ${formatNumber(count)} tags`;
  const oursMs = median(ours.ms);
  if (go === undefined) {
    return [{ name, value: oursMs, unit: "ms", note: "Go 1.26 is not here: nothing to compare with" }];
  }
  if (go.selected !== ours.selected) throw new Error(`${ours.selected} here, ${go.selected} in Go`);
  return [
    {
      name: `${name}, Masterminds/semver 3.5.0 in Go`,
      value: median(go.ms),
      unit: "ms",
      note: `both say ${ours.selected}`,
      beside: { name: "ours", value: oursMs },
      goal: { of: "ratio", atLeast: 5 },
    },
  ];
};

/** What a push costs before anything is asked of a registry: who selects from there, and would take the tag. */
const matchPush = (catalog: Catalog): number => {
  let accepted = 0;
  for (const { selector } of catalog.match(WANTED)) {
    if (compileSelector(selector).accepts("1.2.3").accepted) accepted++;
  }
  return accepted;
};

const samplePushes = (catalog: Catalog): number =>
  timedMs(() => {
    for (let push = 0; push < PUSHES_PER_SAMPLE; push++) {
      if (matchPush(catalog) !== MATCHES) throw new Error("a match is missing");
    }
  });

const matchRows = ({ subscriptions, rounds }: Sizes): readonly BenchRow[] => {
  const catalogs = subscriptions.map((count) => ({ count, catalog: createCatalog(toContent(count)) }));
  const samples = new Map(subscriptions.map((count): [number, number[]] => [count, []]));
  // In turn, each first as often as the others, so that whatever else the machine does falls on all sizes alike.
  for (let round = 0; round < rounds + WARM_UP_ROUNDS; round++) {
    const turn = round % catalogs.length;
    for (const { count, catalog } of [...catalogs.slice(turn), ...catalogs.slice(0, turn)]) {
      const ms = samplePushes(catalog);
      if (round >= WARM_UP_ROUNDS) samples.get(count)?.push(ms);
    }
  }
  const perPushUs = (count: number): number => (median(samples.get(count) ?? []) / PUSHES_PER_SAMPLE) * 1_000;
  const [first = 0, ...others] = subscriptions;
  const beside = { name: `${formatNumber(first)} subscriptions`, value: perPushUs(first) };
  return others.map((count) => ({
    name: `one push against ${formatNumber(count)} subscriptions, ${MATCHES} of which match`,
    value: perPushUs(count),
    unit: "µs",
    beside,
    goal: { of: "ratio", atMost: 1.3 },
  }));
};

interface CompileFigures {
  readonly subscriptions: number;
  readonly cpuMs: number;
  readonly memoryMb: number;
  readonly catalogBytes: number;
}

const compileRows = ({ manifests }: Sizes): readonly BenchRow[] => {
  const script = join(import.meta.dirname, "selection-compile.ts");
  const compile = (...mix: readonly string[]): CompileFigures =>
    JSON.parse(execFileSync(process.execPath, [script, String(manifests), ...mix], { encoding: "utf8" }));
  const figures = compile();
  const rendered = compile("rendered");
  const name = `compile ${formatNumber(manifests)} manifests`;
  return [
    { name, value: figures.cpuMs, unit: "ms", note: "processor time, YAML included" },
    {
      name: `${name} as a cluster is rendered`,
      value: rendered.cpuMs,
      unit: "ms",
      note: `${formatNumber(manifests / 10)} are Flux's`,
      beside: { name: "all are Flux's", value: figures.cpuMs },
    },
    { name: `${name}: memory`, value: figures.memoryMb, unit: "MB", note: "growth of the process's peak" },
    { name: `${name}: catalog`, value: figures.catalogBytes / 1_048_576, unit: "MB", note: "as written" },
  ];
};

export const selection: Bench = {
  name: "selection",
  title: "Choosing a version",
  about:
    "The highest version in a range among many tags, parsed and compared anew each time, by ours and by the library that Flux uses (built and run beside it where Go is at hand). Matching: a push against catalogs of different sizes, in turn, of which the same subscriptions match. Compiling: YAML to catalog in a process of its own.",
  async run(effort) {
    const sizes = SIZES[effort];
    return { rows: [...(await pickRows(sizes)), ...matchRows(sizes), ...compileRows(sizes)], remarks: [] };
  },
};
