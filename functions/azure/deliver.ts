import { app } from "@azure/functions";
import { createEntraCallerIdentity } from "../../shared/adapters/azure/caller-identity.ts";
import { readBundleConfig } from "../wiring/bundle-config.ts";
import { openDeliverFunction } from "../wiring/functions.ts";
import { openOnce } from "../wiring/open-once.ts";
import { createCloud } from "./cloud.ts";
import { poisonOf, QUEUES, STORAGE } from "./names.ts";
import { createAzureRuntime } from "./runtime.ts";
import { createWorkTrigger } from "./work-trigger.ts";

const runtime = createAzureRuntime(process.env);

const open = openOnce(async () => {
  const config = await readBundleConfig(process.env, import.meta.dirname);
  const callerIdentity = createEntraCallerIdentity(runtime.tokens);
  return openDeliverFunction(config, { ...createCloud(runtime), callerIdentity });
});

const { handle, handlePoison } = createWorkTrigger(runtime, QUEUES.deliver, open);

app.storageQueue("deliver", { connection: STORAGE, queueName: QUEUES.deliver, handler: handle });
app.storageQueue("deliver-poison", {
  connection: STORAGE,
  queueName: poisonOf(QUEUES.deliver),
  handler: handlePoison,
});
