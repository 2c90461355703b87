import { app } from "@azure/functions";
import { readBundleConfig } from "../wiring/bundle-config.ts";
import { openSweepFunction } from "../wiring/functions.ts";
import { openOnce } from "../wiring/open-once.ts";
import { withReadableStacks } from "../wiring/readable-stacks.ts";
import { createCloud } from "./cloud.ts";
import { QUEUES } from "./names.ts";
import { createAzureRuntime } from "./runtime.ts";
import { openDeadLetters } from "./work-trigger.ts";

const runtime = createAzureRuntime(process.env);

const open = openOnce(async () => {
  const config = await readBundleConfig(process.env, import.meta.dirname);
  const cloud = createCloud(runtime);
  const deadLetters = Object.values(QUEUES).map((queue) => openDeadLetters(runtime, queue));
  return {
    sweep: await openSweepFunction(config, cloud),
    async prune() {
      const beforeMs = cloud.clock.nowMs() - config.state.retentionMs;
      await Promise.all([cloud.state, ...deadLetters].map((kept) => kept.prune(beforeMs)));
    },
  };
});

// The host runs a timer once over all instances, and keeps when it last did.
app.timer("sweep-due", {
  schedule: "0 * * * * *",
  handler: withReadableStacks(async () => (await open()).sweep.due()),
});
app.timer("sweep-repositories", {
  schedule: "%SLUICE_SWEEP_SCHEDULE%",
  handler: withReadableStacks(async () => (await open()).sweep.repositories()),
});
app.timer("prune", {
  schedule: "0 17 * * * *",
  handler: withReadableStacks(async () => (await open()).prune()),
});
