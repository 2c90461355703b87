import { parseArgs } from "node:util";
import fc from "fast-check";
import { inputFor, survives, TARGETS } from "./signature-fuzz.ts";

/*
 * npm run fuzz -- [--seconds N] [--seed N]: every reader in turn, for N seconds in all. A finding prints its seed
 * and path, with which fast-check plays it again.
 */
const { values } = parseArgs({
  options: { seconds: { type: "string", default: "30" }, seed: { type: "string", default: "1" } },
});
const perTargetMs = (Number(values.seconds) * 1000) / TARGETS.length;

let failed = 0;
for (const target of TARGETS) {
  let runs = 0;
  const property = fc.property(inputFor(target), (input) => {
    runs += 1;
    return survives(target, input);
  });
  const details = fc.check(property, {
    seed: Number(values.seed),
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
