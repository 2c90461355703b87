import type { HttpHandler, HttpRequest, HttpResponseInit } from "@azure/functions";
import type { Log } from "../../shared/pipeline/deps.ts";
import type { Intake } from "../../shared/pipeline/intake/intake.ts";
import type { IncomingRequest } from "../../shared/ports.ts";
import type { Answer } from "../../shared/push/source.ts";
import { answerOnceOpen } from "../wiring/http/answer-once-open.ts";

/** As it came: signatures cover raw bytes, so the body is taken before anything parses it. */
const toIncomingRequest = async (request: HttpRequest): Promise<IncomingRequest> => {
  const { pathname, search } = new URL(request.url);
  return {
    method: request.method,
    path: pathname,
    query: search.slice(1),
    headers: Object.fromEntries(request.headers),
    body: new Uint8Array(await request.arrayBuffer()),
  };
};

const toResponse = ({ status, headers, body }: Answer): HttpResponseInit => ({
  status,
  headers: { ...headers },
  body,
});

/** The handler of an HTTP trigger. */
export const createHttpTrigger = (log: Log, open: () => Promise<Intake>): HttpHandler => {
  const answer = answerOnceOpen(open, log);
  return async (request) => toResponse(await answer(await toIncomingRequest(request)));
};
