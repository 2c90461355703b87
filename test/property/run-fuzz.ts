import fc from "fast-check";
import { readScriptArguments, refuseArguments } from "../../infra/script-arguments.ts";
import { inputFor, survives, TARGETS } from "./signature-fuzz.ts";

const USAGE = `npm run fuzz -- [--seconds N] [--seed N]

Every reader of signatures and certificates in turn against hostile input, for N seconds in all (default: 30). A
finding prints its seed and path, with which fast-check plays it again.
`;

const { values } = readScriptArguments(USAGE, {
  seconds: { type: "string", default: "30" },
  seed: { type: "string", default: "1" },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
if (!(seconds > 0 && Number.isSafeInteger(seed))) {
  refuseArguments("--seconds takes a number above 0, --seed a whole one");
}
const perTargetMs = (seconds * 1000) / TARGETS.length;

let failed = 0;
for (const target of TARGETS) {
  let runs = 0;
  const property = fc.property(inputFor(target), (input) => {
    runs += 1;
    return survives(target, input);
  });
  const details = fc.check(property, {
    seed,
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: perTargetMs,
  });
  const found = details.failed && !details.interrupted;
  if (found) failed += 1;
  console.log(
    `${target.name.padEnd(12)} ${runs} inputs${found ? `\n${fc.defaultReportMessage(details)}` : ""}`,
  );
}
console.log(`${TARGETS.length - failed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
