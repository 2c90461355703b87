import type { HttpFunction, Request } from "@google-cloud/functions-framework";
import type { Intake } from "../../shared/pipeline/intake/intake.ts";
import type { IncomingRequest } from "../../shared/ports.ts";
import { answerOnceOpen } from "../wiring/http/answer-once-open.ts";
import { functionLog } from "./surroundings.ts";

const toHeaders = (headers: Request["headers"]): IncomingRequest["headers"] =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );

/** The bytes as they came, which is what a sender's signature covers. */
const toIncoming = ({ method, originalUrl, headers, rawBody }: Request): IncomingRequest => {
  const [path = "/", query = ""] = originalUrl.split("?", 2);
  return { method, path, query, headers: toHeaders(headers), body: rawBody ?? new Uint8Array() };
};

/** A function that is called over HTTP. Nothing is thrown: the framework would tell whoever asks what went wrong in here. */
export const createHttpFunction = (open: () => Promise<Intake>): HttpFunction => {
  const answer = answerOnceOpen(open, functionLog);
  return async (request, response) => {
    const { status, headers, body } = await answer(toIncoming(request));
    response.status(status).set(headers).end(body);
  };
};
