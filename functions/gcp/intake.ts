import { http, type Request } from "@google-cloud/functions-framework";
import type { IncomingRequest } from "../../shared/ports.ts";
import { readBundleConfig } from "../common/bundle-config.ts";
import { openIntake } from "../common/open-intake.ts";
import { openOnce } from "../common/open-once.ts";
import { openGoogleCloud } from "./runtime.ts";
import { readSurroundings } from "./surroundings.ts";

const open = openOnce(async () => {
  const cloud = openGoogleCloud(readSurroundings(process.env));
  const { clock, secrets, queue, log, state } = cloud;
  const config = await readBundleConfig(process.env, import.meta.dirname);
  return { intake: openIntake(config, { clock, secrets, queue, log, documents: state }), log };
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
  const { intake } = await open();
  const { status, headers, body } = await intake(toIncoming(request));
  response.status(status).set(headers).end(body);
});
