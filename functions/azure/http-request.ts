import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import type { IncomingRequest } from "../../shared/ports.ts";
import type { Answer } from "../../shared/push/source.ts";

/** As it came: signatures cover raw bytes, so the body is taken before anything parses it. */
export const toIncomingRequest = async (request: HttpRequest): Promise<IncomingRequest> => {
  const { pathname, search } = new URL(request.url);
  return {
    method: request.method,
    path: pathname,
    query: search.slice(1),
    headers: Object.fromEntries(request.headers),
    body: new Uint8Array(await request.arrayBuffer()),
  };
};

export const toResponse = ({ status, headers, body }: Answer): HttpResponseInit => ({
  status,
  headers: { ...headers },
  body,
});
