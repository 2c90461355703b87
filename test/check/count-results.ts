import { readReports } from "../interop/results.ts";

// usage: count-results FAILED_STAGES REPORT...   Prints "<passed> <failed>".
const [failedStages = "0", ...reports] = process.argv.slice(2);
const { passed, failed } = readReports(reports);
// Stages that failed for another reason than their tests, such as lint, still show in the count.
console.log(`${passed} ${Math.max(failed, Number(failedStages))}`);
