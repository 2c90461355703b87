import type { Context } from "aws-lambda";
import { createDynamoDelayedWork } from "../../shared/adapters/aws/dynamodb/delayed-work.ts";
import { readBundleConfig } from "../wiring/bundle-config.ts";
import { openSweepFunction, type SweepFunction } from "../wiring/functions.ts";
import { openOnce } from "../wiring/open-once.ts";
import { withReadableStacks } from "../wiring/readable-stacks.ts";
import { createAwsRuntime, createCloud } from "./runtime.ts";

/** Delayed work taken up in one turn; the next turn takes the rest. */
const MAX_RELEASED = 1_000;
const BATCH = 100;

const runtime = createAwsRuntime(process.env, "sweep");
const delayed = createDynamoDelayedWork(
  { client: runtime.dynamo, name: runtime.settings.table },
  runtime.clock,
);

const open = openOnce(async () => {
  const config = await readBundleConfig(process.env, import.meta.dirname);
  return openSweepFunction(config, createCloud(runtime, config));
});

const releaseDelayed = async (): Promise<void> => {
  for (let released = 0; released < MAX_RELEASED; released += BATCH) {
    if ((await delayed.release(runtime.queues.both, BATCH)) < BATCH) return;
  }
};

const run = async (sweep: SweepFunction, kind: string): Promise<void> => {
  switch (kind) {
    case "due":
      await releaseDelayed();
      return sweep.due();
    case "repositories":
      return sweep.repositories();
    default:
      throw new Error(`{"sweep": "${kind}"}: the schedule's input must say "due" or "repositories"`);
  }
};

/** EventBridge Scheduler's two schedules, told apart by their input: what is due, and every repository. */
export const handler = withReadableStacks(
  async ({ sweep }: { readonly sweep: string }, context: Context): Promise<void> => {
    runtime.telemetry.begin(context.awsRequestId);
    await run(await open(), sweep);
  },
);
