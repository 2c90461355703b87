import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");

const run = (script: string, ...argv: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, script), ...argv], {
    encoding: "utf8",
    timeout: 60_000,
  });
  return { status, stdout, stderr };
};

const SCRIPTS = [
  "test/bench/run.ts",
  "test/conformance/run.ts",
  "test/interop/run.ts",
  "test/property/run-fuzz.ts",
  "test/simulation/run.ts",
  "infra/aws/package.ts",
  "infra/azure/package.ts",
  "infra/gcp/package.ts",
];

describe.each(SCRIPTS)("%s", (script) => {
  test("--help tells how to call it", () => {
    const { status, stdout, stderr } = run(script, "--help");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/npm run [a-z:]+/);
  });

  test("an unknown option is refused in one line", () => {
    const { status, stdout, stderr } = run(script, "--nonsense");
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^Unknown option '--nonsense'.*\n$/);
  });
});

const WRONG: readonly (readonly [string, readonly string[], string])[] = [
  ["test/bench/run.ts", ["nothing"], "no bench nothing"],
  ["test/conformance/run.ts", [], "give the path of one checkout of sigstore-conformance"],
  ["test/conformance/run.ts", [ROOT], "has no test/assets/bundle-verify"],
  ["test/property/run-fuzz.ts", ["--seconds", "soon"], "--seconds takes a number above 0"],
  ["test/simulation/run.ts", ["--seeds", "0"], "take whole numbers from 1"],
  ["infra/gcp/package.ts", ["deploy"], "unexpected argument deploy"],
];

test.each(WRONG)("%s %j is refused: %s", (script, argv, why) => {
  const { status, stdout, stderr } = run(script, ...argv);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr.trimEnd().split("\n")).toEqual([expect.stringContaining(why)]);
});
