import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseReport, readReports } from "../../interop/results.ts";

const report = (success: boolean, files: readonly { status: string; tests: readonly string[] }[]) =>
  JSON.stringify({
    success,
    testResults: files.map(({ status, tests }, file) => ({
      name: `file-${file}`,
      status,
      assertionResults: tests.map((each, at) => ({ fullName: `test-${file}-${at}`, status: each })),
    })),
  });

describe("counting results", () => {
  test.each([
    {
      name: "passed",
      text: report(true, [{ status: "passed", tests: ["passed", "passed"] }]),
      passed: 2,
      failed: 0,
    },
    {
      name: "failed",
      text: report(false, [{ status: "failed", tests: ["passed", "failed"] }]),
      passed: 1,
      failed: 1,
    },
    {
      name: "a file that broke before its tests",
      text: report(false, [{ status: "failed", tests: [] }]),
      passed: 0,
      failed: 1,
    },
    {
      name: "a file whose hook broke",
      text: report(false, [{ status: "failed", tests: ["skipped"] }]),
      passed: 0,
      failed: 1,
    },
    {
      name: "a run that failed outside of tests",
      text: report(false, [{ status: "passed", tests: ["passed"] }]),
      passed: 1,
      failed: 1,
    },
  ])("$name", ({ text, passed, failed }) => {
    expect(parseReport(text)).toMatchObject({ passed, failed });
  });

  test.each(["skipped", "pending", "todo"])(
    "a test that is %s is neither passed nor failed, and is named",
    (status) => {
      const results = parseReport(report(true, [{ status: "passed", tests: [status] }]));
      expect(results).toEqual({ passed: 0, failed: 0, skipped: ["test-0-0"] });
    },
  );

  describe("over several reports", () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-results-"));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test("sums them, and counts one that is absent or unreadable as a failure", () => {
      const good = join(folder, "good.json");
      const broken = join(folder, "broken.json");
      writeFileSync(good, report(true, [{ status: "passed", tests: ["passed", "skipped"] }]));
      writeFileSync(broken, "{");
      expect(readReports([good, broken, join(folder, "absent.json")])).toEqual({
        passed: 1,
        failed: 2,
        skipped: ["test-0-1"],
      });
    });
  });
});
