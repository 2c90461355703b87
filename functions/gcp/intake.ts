import { http } from "@google-cloud/functions-framework";
import { readBundleConfig } from "../wiring/bundle-config.ts";
import { openIntake } from "../wiring/http/open-intake.ts";
import { openOnce } from "../wiring/open-once.ts";
import { createHttpFunction } from "./http-handler.ts";
import { openGoogleCloud } from "./runtime.ts";
import { readSurroundings } from "./surroundings.ts";

const open = openOnce(async () => {
  const cloud = openGoogleCloud(readSurroundings(process.env));
  const { clock, secrets, queue, log, limits } = cloud;
  const config = await readBundleConfig(process.env, import.meta.dirname);
  return openIntake(config, { clock, secrets, queue, log, documents: limits });
});

http("intake", createHttpFunction(open));
