import { http, type Request } from "@google-cloud/functions-framework";
import type { IncomingRequest } from "../../shared/ports.ts";
import { readBundleConfig } from "../common/bundle-config.ts";
import { openIntake } from "../common/open-intake.ts";
import { openOnce } from "../common/open-once.ts";
import { openGoogleCloud } from "./runtime.ts";
import { functionLog, readSurroundings } from "./surroundings.ts";

const open = openOnce(async () => {
  const cloud = openGoogleCloud(readSurroundings(process.env));
  const { clock, secrets, queue, log, limits } = cloud;
  const config = await readBundleConfig(process.env, import.meta.dirname);
  return openIntake(config, { clock, secrets, queue, log, documents: limits });
});

const toHeaders = (headers: Request["headers"]): IncomingRequest["headers"] =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );

/** The bytes as they came, which is what a sender's signature covers. */
const toIncoming = ({ method, originalUrl, headers, rawBody }: Request): IncomingRequest => {
  const [path = "/", query = ""] = originalUrl.split("?", 2);
  return { method, path, query, headers: toHeaders(headers), body: rawBody ?? new Uint8Array() };
};

http("intake", async (request, response) => {
  try {
    const intake = await open();
    const { status, headers, body } = await intake(toIncoming(request));
    response.status(status).set(headers).end(body);
  } catch (error) {
    // The framework would tell whoever asks what went wrong in here.
    functionLog("request-failed", { reason: error instanceof Error ? error.message : String(error) });
    response.status(503).type("text").end("not taken; try again later\n");
  }
});
