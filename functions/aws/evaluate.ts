import { ecr } from "../../shared/push/ecr.ts";
import { readBundleConfig } from "../wiring/bundle-config.ts";
import { openEvaluateFunction } from "../wiring/functions.ts";
import { openOnce } from "../wiring/open-once.ts";
import { createQueueHandler } from "./queue-handler.ts";
import { createAwsRuntime, createCloud, createEcr, createIdentity } from "./runtime.ts";

const runtime = createAwsRuntime(process.env, "evaluate");

/** Events from EventBridge's rule and from intake, hints and sweeps: reads registries, verifies, decides. */
export const handler = createQueueHandler({
  queue: runtime.queues.evaluate,
  telemetry: runtime.telemetry,
  source: ecr,
  open: openOnce(async () => {
    const config = await readBundleConfig(process.env, import.meta.dirname);
    // For registries in other clouds that let our role in.
    const callerIdentity = createIdentity(runtime.clock);
    const cloud = { ...createCloud(runtime, config), ...createEcr(runtime.clock), callerIdentity };
    return openEvaluateFunction(config, cloud);
  }),
});
