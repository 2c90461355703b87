import { app } from "@azure/functions";
import { acrEventGrid } from "../../shared/push/acr-eventgrid.ts";
import { readBundleConfig } from "../wiring/bundle-config.ts";
import { openEvaluateFunction } from "../wiring/functions.ts";
import { openOnce } from "../wiring/open-once.ts";
import { createCloud, createLogins } from "./cloud.ts";
import { poisonOf, QUEUES, STORAGE } from "./names.ts";
import { createAzureRuntime } from "./runtime.ts";
import { createWorkTrigger } from "./work-trigger.ts";

const runtime = createAzureRuntime(process.env);

const open = openOnce(async () => {
  const config = await readBundleConfig(process.env, import.meta.dirname);
  return openEvaluateFunction(config, { ...createCloud(runtime), ...createLogins(runtime, config) });
});

const { handle, handlePoison } = createWorkTrigger(runtime, QUEUES.evaluate, open, acrEventGrid);

// Event Grid puts a registry's own events on the same queue, next to what intake and the sweep send.
app.storageQueue("evaluate", { connection: STORAGE, queueName: QUEUES.evaluate, handler: handle });
app.storageQueue("evaluate-poison", {
  connection: STORAGE,
  queueName: poisonOf(QUEUES.evaluate),
  handler: handlePoison,
});
