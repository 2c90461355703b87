import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");
const ENV = {
  SLUICE_TABLE: "t",
  SLUICE_EVALUATE_QUEUE_URL: "q",
  SLUICE_EVALUATE_DEAD_LETTER_URL: "q",
  SLUICE_DELIVER_QUEUE_URL: "q",
  SLUICE_DELIVER_DEAD_LETTER_URL: "q",
  AWS_REGION: "eu-central-1",
};
const SCRIPT = `
const { createAwsRuntime } = await import("./functions/aws/runtime.ts");
createAwsRuntime(process.env, "evaluate").telemetry.log("decision", { outcome: "notify" });
`;

interface Emf {
  readonly _aws?: { readonly CloudWatchMetrics: readonly unknown[] };
}

test("decisions are counted by function and stage, as the alarm on silence looks for them", async () => {
  const env = { ...ENV, PATH: process.env.PATH, AWS_LAMBDA_FUNCTION_NAME: "sluice-prod-evaluate" };
  const args = ["--input-type=module", "-e", SCRIPT];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env, timeout: 60_000 });
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Emf);
  expect(lines.filter(({ _aws }) => _aws !== undefined)).toEqual([
    expect.objectContaining({
      service: "sluice-prod-evaluate",
      outcome: "notify",
      Decisions: 1,
      _aws: expect.objectContaining({
        CloudWatchMetrics: [
          expect.objectContaining({ Namespace: "Sluice", Dimensions: [["service", "outcome"]] }),
        ],
      }),
    }),
  ]);
});
