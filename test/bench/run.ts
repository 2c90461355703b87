import { writeFile } from "node:fs/promises";
import { readScriptArguments, refuseArguments } from "../../infra/script-arguments.ts";
import type { Bench, Effort } from "./bench.ts";
import { cluster } from "./cluster.ts";
import { coldStart } from "./cold-start.ts";
import { fanOut } from "./fan-out.ts";
import { intake } from "./intake.ts";
import { latency } from "./latency.ts";
import { calibrate, describeMachine, describeNoise } from "./machine.ts";
import { registryRequests } from "./registry-requests.ts";
import { selection } from "./selection.ts";
import { toTable } from "./table.ts";
import { verification } from "./verification.ts";
import { warmEvaluate } from "./warm-evaluate.ts";

const BENCHES: readonly Bench[] = [
  latency,
  fanOut,
  cluster,
  intake,
  registryRequests,
  verification,
  selection,
  coldStart,
  warmEvaluate,
];
const FILE = new URL("../../BENCHMARKS.md", import.meta.url);

const USAGE = `npm run bench                     everything, printed
npm run bench -- intake latency   only these
npm run bench -- --quick          a moment each: shows that they run, measures little
npm run bench -- --write          everything, and BENCHMARKS.md is what was printed

${BENCHES.map(({ name, title }) => `${name.padEnd(14)}${title}`).join("\n")}
`;

const HEADER = `# Benchmarks

Written by \`npm run bench -- --write\`, word for word what it prints. Each figure stands beside a floor (what cannot be
avoided) or a peer that was measured in the same run; the ratio travels to other machines, the absolute figure does
not. Medians unless said otherwise. A goal that was missed says **no**, and the remarks say what holds it back.
`;

const QUICK =
  "\n**A quick run: it shows that everything runs. Compilers are cold and rounds short, so its figures mean little.**\n";

const runBench = async (bench: Bench, effort: Effort): Promise<string> => {
  const before = calibrate();
  const { rows, remarks } = await bench.run(effort);
  const noise = describeNoise(before, calibrate());
  const list = [...remarks, noise].map((remark) => `- ${remark}`).join("\n");
  return `## ${bench.title}\n\n${bench.about}\n\n${toTable(rows)}\n\n${list}\n`;
};

const main = async (): Promise<void> => {
  const { values, positionals } = readScriptArguments(USAGE, {
    quick: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  });
  const unknown = positionals.find((name) => !BENCHES.some((bench) => bench.name === name));
  if (unknown !== undefined) {
    refuseArguments(`no bench ${unknown}`);
  }
  if (values.write && (values.quick || positionals.length > 0)) {
    refuseArguments("BENCHMARKS.md is written from a whole run: leave out --quick and names");
  }
  const sections: string[] = [];
  const show = (section: string): void => {
    process.stdout.write(`${sections.length > 0 ? "\n" : ""}${section}`);
    sections.push(section);
  };
  show(`${HEADER}\n${describeMachine()}\n${values.quick ? QUICK : ""}`);
  for (const bench of BENCHES) {
    if (positionals.length > 0 && !positionals.includes(bench.name)) continue;
    show(await runBench(bench, values.quick ? "quick" : "full"));
  }
  if (values.write) await writeFile(FILE, sections.join("\n"));
};

await main();
