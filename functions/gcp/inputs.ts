import { http } from "@google-cloud/functions-framework";
import { readBundleConfig } from "../wiring/bundle-config.ts";
import { openInputsFunction } from "../wiring/functions.ts";
import { openOnce } from "../wiring/open-once.ts";
import { createHttpFunction } from "./http-handler.ts";
import { openGoogleCloud } from "./runtime.ts";
import { readSurroundings } from "./surroundings.ts";

const open = openOnce(async () => {
  const config = await readBundleConfig(process.env, import.meta.dirname);
  return openInputsFunction(config, openGoogleCloud(readSurroundings(process.env)));
});

http("inputs", createHttpFunction(open));
