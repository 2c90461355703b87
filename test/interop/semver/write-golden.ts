import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { peerBinary } from "../install/cache.ts";
import { generateCases } from "./cases.ts";
import { type Judged, judgeCases } from "./judge.ts";

const SEED = 20_260_101;
const COUNT = 800;
const file = join(import.meta.dirname, "../../fixtures/policy/judged.ndjson");

// Writes what the judge answers, so that `npm test` needs no Go: node test/interop/semver/write-golden.ts
const judged = await judgeCases(peerBinary("semver-judge"), [...generateCases(SEED, COUNT)]);
const toLine = ({ given, judge: { selected, ties, error, answers } }: Judged): string =>
  `${JSON.stringify({ given, judge: { selected, ties, error, answers } })}\n`;
writeFileSync(file, judged.map(toLine).join(""));
console.log(`${judged.length} judged cases written`);
