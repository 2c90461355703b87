import { app } from "@azure/functions";
import { readBundleConfig } from "../wiring/bundle-config.ts";
import { openInputsFunction } from "../wiring/functions.ts";
import { openOnce } from "../wiring/open-once.ts";
import { createCloud } from "./cloud.ts";
import { createHttpTrigger } from "./http-trigger.ts";
import { createAzureRuntime } from "./runtime.ts";

const runtime = createAzureRuntime(process.env);

const open = openOnce(async () => {
  const config = await readBundleConfig(process.env, import.meta.dirname);
  return openInputsFunction(config, createCloud(runtime));
});

app.http("inputs", {
  methods: ["GET", "HEAD"],
  // A flux-operator shows its cluster's own token; a key of Functions would be one more secret.
  authLevel: "anonymous",
  route: "{*path}",
  handler: createHttpTrigger(runtime.log, open),
});
