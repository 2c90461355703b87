import { readBundleConfig } from "../wiring/bundle-config.ts";
import { openDeliverFunction } from "../wiring/functions.ts";
import { openOnce } from "../wiring/open-once.ts";
import { createQueueHandler } from "./queue-handler.ts";
import { createAwsRuntime, createCloud, createIdentity } from "./runtime.ts";

const runtime = createAwsRuntime(process.env, "deliver");

/** Tells receivers what is due for them. */
export const handler = createQueueHandler({
  queue: runtime.queues.deliver,
  telemetry: runtime.telemetry,
  open: openOnce(async () => {
    const config = await readBundleConfig(process.env, import.meta.dirname);
    const callerIdentity = createIdentity(runtime.clock);
    return openDeliverFunction(config, { ...createCloud(runtime, config), callerIdentity });
  }),
});
