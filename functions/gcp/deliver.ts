import { cloudEvent } from "@google-cloud/functions-framework";
import { readBundleConfig } from "../wiring/bundle-config.ts";
import { openDeliverFunction } from "../wiring/functions.ts";
import { openOnce } from "../wiring/open-once.ts";
import { withReadableStacks } from "../wiring/readable-stacks.ts";
import { handleEvent, type MessageEvent } from "./handle-event.ts";
import { openGoogleCloud } from "./runtime.ts";
import { readSurroundings } from "./surroundings.ts";

/** Longer than a receiver's lease, so that no second request for it can begin meanwhile. */
const TIMEOUT_MS = 290_000;

const open = openOnce(async () => {
  const surroundings = readSurroundings(process.env);
  const cloud = openGoogleCloud(surroundings);
  const config = await readBundleConfig(process.env, import.meta.dirname);
  return {
    cloud,
    work: await openDeliverFunction(config, cloud),
    queue: cloud.deliverQueue,
    topic: surroundings.names.deliverTopic,
    timeoutMs: TIMEOUT_MS,
  };
});

cloudEvent(
  "deliver",
  withReadableStacks(async (event: MessageEvent) => handleEvent(await open(), event)),
);
