import { existsSync } from "node:fs";
import { join } from "node:path";
import { readScriptArguments, refuseArguments } from "../../infra/script-arguments.ts";
import { runBundleVerify } from "./bundle-verify.ts";

const USAGE = `npm run conformance -- CHECKOUT             the bundle verification cases of a checkout of sigstore-conformance
npm run conformance -- CHECKOUT --verbose   every case, not only the wrong ones
`;

const CASES = "test/assets/bundle-verify";

const main = async (): Promise<number> => {
  const { values, positionals } = readScriptArguments(USAGE, {
    verbose: { type: "boolean", default: false },
  });
  const [checkout, ...more] = positionals;
  if (checkout === undefined || more.length > 0) {
    return refuseArguments("give the path of one checkout of sigstore-conformance");
  }
  const suite = join(checkout, CASES);
  if (!existsSync(suite)) return refuseArguments(`${checkout} has no ${CASES}`);
  const results = await runBundleVerify(suite);
  for (const { name, mode, outcome, right } of results) {
    if (values.verbose || !right)
      console.log(`${right ? "right" : "WRONG"}  ${mode.padEnd(6)}  ${name}  ${outcome}`);
  }
  const passed = results.filter(({ right }) => right).length;
  console.log(`${passed} passed, ${results.length - passed} failed`);
  // No cases at all is a wrong path, not a success.
  return passed > 0 && passed === results.length ? 0 : 1;
};

process.exitCode = await main();
