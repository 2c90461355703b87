import { readFileSync } from "node:fs";

/** What a run of Vitest came to. A skipped test is neither passed nor failed. */
export interface Results {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
}

interface VitestReport {
  readonly success: boolean;
  readonly numFailedTestSuites: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** A file that broke before its tests ran reports no failed test, so it counts as one failure itself. */
export const parseReport = (text: string): Results => {
  const report = JSON.parse(text) as VitestReport;
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const withStatus = (...wanted: readonly string[]) => tests.filter(({ status }) => wanted.includes(status));
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && assertionResults.every((test) => test.status !== "failed"),
  );
  const failed = withStatus("failed").length + brokenFiles.length;
  return {
    passed: withStatus("passed").length,
    failed: failed === 0 && !report.success ? 1 : failed,
    skipped: tests
      .filter(({ status }) => status !== "passed" && status !== "failed")
      .map((test) => test.fullName),
  };
};

/** Sums reports; one that is absent or unreadable is a failure. */
export const readReports = (files: readonly string[]): Results =>
  files
    .map((file): Results => {
      try {
        return parseReport(readFileSync(file, "utf8"));
      } catch {
        return { passed: 0, failed: 1, skipped: [] };
      }
    })
    .reduce((sum, next) => ({
      passed: sum.passed + next.passed,
      failed: sum.failed + next.failed,
      skipped: [...sum.skipped, ...next.skipped],
    }));
