import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { runBundleVerify } from "./bundle-verify.ts";

/*
 * npm run conformance -- --suite PATH   (test/assets/bundle-verify of a sigstore-conformance checkout) [--verbose]
 */
const { values } = parseArgs({
  options: { suite: { type: "string" }, verbose: { type: "boolean", default: false } },
});
const { suite, verbose } = values;

if (suite === undefined || !existsSync(suite)) {
  console.error("conformance: give the suite's test/assets/bundle-verify with --suite PATH");
  process.exitCode = 2;
} else {
  const results = await runBundleVerify(suite);
  for (const { name, mode, outcome, right } of results) {
    if (verbose || !right)
      console.log(`${right ? "right" : "WRONG"}  ${mode.padEnd(6)}  ${name}  ${outcome}`);
  }
  const passed = results.filter(({ right }) => right).length;
  console.log(`${passed} passed, ${results.length - passed} failed`);
  // No cases at all is a wrong path, not a success.
  if (passed === 0 || passed < results.length) process.exitCode = 1;
}
