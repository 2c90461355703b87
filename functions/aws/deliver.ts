import { readBundleConfig } from "../common/bundle-config.ts";
import { openDeliverFunction } from "../common/functions.ts";
import { openOnce } from "../common/open-once.ts";
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
