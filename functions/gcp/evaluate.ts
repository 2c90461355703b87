import { cloudEvent } from "@google-cloud/functions-framework";
import { gar } from "../../shared/push/gar.ts";
import { readBundleConfig } from "../wiring/bundle-config.ts";
import { openEvaluateFunction } from "../wiring/functions.ts";
import { openOnce } from "../wiring/open-once.ts";
import { withReadableStacks } from "../wiring/readable-stacks.ts";
import { handleEvent, type MessageEvent } from "./handle-event.ts";
import { openGoogleCloud } from "./runtime.ts";
import { readSurroundings } from "./surroundings.ts";

/** Below the function's own limit, so that a slow registry ends in a retry of ours. */
const TIMEOUT_MS = 110_000;

const open = openOnce(async () => {
  const surroundings = readSurroundings(process.env);
  const cloud = openGoogleCloud(surroundings);
  const config = await readBundleConfig(process.env, import.meta.dirname);
  return {
    cloud,
    work: await openEvaluateFunction(config, cloud),
    queue: cloud.evaluateQueue,
    topic: surroundings.names.evaluateTopic,
    timeoutMs: TIMEOUT_MS,
    // Artifact Registry publishes to the topic `gcr`; its subscription pushes here too.
    source: gar,
  };
});

cloudEvent(
  "evaluate",
  withReadableStacks(async (event: MessageEvent) => handleEvent(await open(), event)),
);
