import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Intake } from "../../shared/pipeline/intake/intake.ts";
import type { IncomingRequest } from "../../shared/ports.ts";

const REQUEST_TIMEOUT_MS = 30_000;
const NO_BODY = new Uint8Array();

export interface ServerSettings {
  readonly maxBodyBytes: number;
  readonly intake: Intake;
  readonly health: () => Promise<Readonly<Record<string, unknown>>>;
}

/** Repeated headers come joined already, except the few that Node lists. */
const toHeaders = (headers: FastifyRequest["headers"]): IncomingRequest["headers"] => {
  const joined: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(headers)) {
    joined[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return joined;
};

const toIncoming = (request: FastifyRequest): IncomingRequest => {
  const [path = "", query = ""] = request.raw.url?.split("?", 2) ?? [];
  return {
    method: request.method,
    path,
    query,
    headers: toHeaders(request.headers),
    body: request.body instanceof Uint8Array ? request.body : NO_BODY,
  };
};

const LINE_BY_CODE: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "the body is larger than this endpoint takes (limits.body in sluice.yaml)",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "Content-Length does not match the body",
};

/** The HTTP side of the embedded runtime: raw bytes to the intake, its answer back. */
export const createServer = ({ maxBodyBytes, intake, health }: ServerSettings): FastifyInstance => {
  const app = Fastify({
    bodyLimit: maxBodyBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: REQUEST_TIMEOUT_MS,
    // Signatures cover raw bytes: nothing is parsed here.
    exposeHeadRoutes: false,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  app.get("/healthz", health);
  const take = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const answer = await intake(toIncoming(request));
    return reply.code(answer.status).headers(answer.headers).send(answer.body);
  };
  // Events have a route of their own: the way to what is not found is a longer one.
  app.post("/*", take);
  app.setNotFoundHandler(take);
  app.setErrorHandler(async (error: { code?: string; statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    const line =
      LINE_BY_CODE[error.code ?? ""] ?? (status < 500 ? "the request cannot be read" : "internal error");
    return reply.code(status).type("text/plain; charset=utf-8").send(`${line}\n`);
  });
  return app;
};
