import { readBundleConfig } from "../wiring/bundle-config.ts";
import { openInputsFunction } from "../wiring/functions.ts";
import { openOnce } from "../wiring/open-once.ts";
import { createHttpHandler } from "./http-handler.ts";
import { createAwsRuntime, createCloud } from "./runtime.ts";

const runtime = createAwsRuntime(process.env, "inputs");

/** Each cluster's verified versions, for its flux-operator. */
export const handler = createHttpHandler(
  runtime.telemetry,
  openOnce(async () => {
    const config = await readBundleConfig(process.env, import.meta.dirname);
    return openInputsFunction(config, createCloud(runtime, config));
  }),
);
