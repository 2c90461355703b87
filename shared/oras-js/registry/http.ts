import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer } from "./faults.ts";
import { errorReply, type RegistryRequest, type Reply } from "./reply.ts";

const readAll = async (
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array | undefined> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.byteLength;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
};

const decodePath = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    return "";
  }
};

const toRequest = (message: IncomingMessage): RegistryRequest => {
  const host = message.headers.host ?? "localhost";
  const url = URL.canParse(message.url ?? "/", `http://${host}`)
    ? new URL(message.url ?? "/", `http://${host}`)
    : undefined;
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  const { remoteAddress = "", remotePort = 0 } = message.socket;
  return {
    method: message.method ?? "GET",
    path: url === undefined ? "" : decodePath(url.pathname),
    query: url?.searchParams ?? new URLSearchParams(),
    headers,
    remoteAddress: `${remoteAddress}:${remotePort}`,
    origin: url?.origin ?? "http://localhost",
    body: (maxBytes) => readAll(message, maxBytes),
  };
};

const write = (
  message: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: Reply,
): void => {
  const length = body?.byteLength ?? 0;
  response.writeHead(status, {
    "docker-distribution-api-version": "registry/2.0",
    ...headers,
    ...(status === 204 ? {} : { "content-length": length }),
    // A body that nobody read would be taken for the next request.
    ...(message.complete ? {} : { connection: "close" }),
  });
  response.end(message.method === "HEAD" ? undefined : body);
};

/** Serves an answer function over `node:http`. */
export const toNodeHandler =
  (answer: Answer) =>
  (message: IncomingMessage, response: ServerResponse): void => {
    answer(toRequest(message))
      .catch(() => errorReply(500, "UNKNOWN", "internal error"))
      .then((reply) => (reply === "hang-up" ? message.socket.destroy() : write(message, response, reply)))
      .catch(() => message.socket.destroy());
  };

/** Serves an answer function as `fetch`, for tests that need no socket and may use any host name. */
export const toFetch =
  (answer: Answer): typeof globalThis.fetch =>
  async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const reply = await answer({
      method: request.method,
      path: decodePath(url.pathname),
      query: url.searchParams,
      headers: Object.fromEntries(request.headers),
      remoteAddress: "127.0.0.1:0",
      origin: url.origin,
      body: async (maxBytes) => (request.body === null ? new Uint8Array(0) : readAll(request.body, maxBytes)),
    });
    request.signal.throwIfAborted();
    if (reply === "hang-up") throw new TypeError("fetch failed");
    const { status, headers, body } = reply;
    const isEmpty = request.method === "HEAD" || status === 204 || body === undefined;
    const length = status === 204 ? {} : { "content-length": String(body?.byteLength ?? 0) };
    return new Response(isEmpty ? null : Buffer.from(body), { status, headers: { ...length, ...headers } });
  };
