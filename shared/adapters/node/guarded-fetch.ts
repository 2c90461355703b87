import type { Readable } from "node:stream";
import { Agent, type buildConnector, type Dispatcher } from "undici";
import { createAddressCheck } from "./address-policy.ts";
import {
  createCheckedConnector,
  type Resolve,
  systemResolve,
  type TlsMaterialOf,
} from "./checked-connector.ts";

export interface FetchLimits {
  readonly connectTimeoutMs?: number;
  /** Until the status comes. Above a delivery's own minute, so that this never hangs up first. */
  readonly headersTimeoutMs?: number;
  /** Between two pieces of an answer. */
  readonly bodyTimeoutMs?: number;
  /** Of one answer, on the wire; reading beyond fails. */
  readonly maxResponseBytes?: number;
  readonly connectionsPerOrigin?: number;
}

export interface GuardedFetchOptions extends FetchLimits {
  /** CIDRs that may be reached besides public addresses. */
  readonly allow: readonly string[];
  readonly tls?: TlsMaterialOf;
  readonly resolve?: Resolve;
}

export interface GuardedFetch {
  /**
   * `fetch` for outbound requests: follows no redirect, decodes no content encoding, uses no proxy. A refused
   * address throws `RECEIVER_ADDRESS_REFUSED`; other failures keep Node's and undici's error codes.
   */
  readonly fetch: typeof globalThis.fetch;
  /** Waits for what is under way, then closes the connections. */
  close(): Promise<void>;
}

const DEFAULT_LIMITS = {
  connectTimeoutMs: 10_000,
  headersTimeoutMs: 65_000,
  bodyTimeoutMs: 30_000,
  maxResponseBytes: 64 * 1024 * 1024,
  connectionsPerOrigin: 256,
} as const;

const MAX_HEADER_BYTES = 32 * 1024;
const KEEP_ALIVE_MS = 4_000;

/** Of the connection, or made from the URL: a caller's own would let the request mean another host. */
const OWN_HEADERS = ["host", "connection", "transfer-encoding", "upgrade", "keep-alive", "expect", "te"];
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const);
type Method = typeof METHODS extends Set<infer T> ? T : never;

const toMethod = (text: string | undefined): Method => {
  const method = [...METHODS].find((known) => known === (text ?? "GET").toUpperCase());
  if (method === undefined) throw new TypeError(`method ${text} is not supported`);
  return method;
};

const toUrl = (input: string | URL | Request): URL => {
  if (input instanceof Request) throw new TypeError("pass a URL, not a Request");
  const url = new URL(input);
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw new TypeError("only http and https are fetched");
  if (url.username !== "" || url.password !== "") throw new TypeError("no credentials in a URL");
  return url;
};

const toBody = (body: RequestInit["body"]): string | Buffer | null => {
  if (body === undefined || body === null) return null;
  if (typeof body === "string") return body;
  if (body instanceof ArrayBuffer) return Buffer.from(body);
  if (ArrayBuffer.isView(body)) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (body instanceof URLSearchParams) return body.toString();
  throw new TypeError("a request body is text or bytes");
};

const toRequestHeaders = (init: RequestInit | undefined): Record<string, string> => {
  const headers = new Headers(init?.headers);
  for (const name of OWN_HEADERS) headers.delete(name);
  if (init?.body instanceof URLSearchParams && !headers.has("content-type")) {
    headers.set("content-type", "application/x-www-form-urlencoded;charset=UTF-8");
  }
  headers.set("accept-encoding", "identity");
  return Object.fromEntries(headers);
};

const toResponseHeaders = (headers: Dispatcher.ResponseData["headers"]): Headers => {
  const result = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined) result.append(name, each);
    }
  }
  return result;
};

/**
 * Not `Readable.toWeb`: what comes after a reader lost interest makes that one throw where nobody can catch it, which
 * would let any server end this process.
 */
const toStream = (body: Readable): ReadableStream<Uint8Array> => {
  const chunks: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel() {
        body.on("error", () => undefined).destroy();
      },
    },
    { highWaterMark: 0 },
  );
};

const NULL_BODY_STATUS = new Set([204, 205, 304]);

/** The bytes as they came: nothing is inflated, so a small answer stays small. */
const toResponse = async (data: Dispatcher.ResponseData, method: Method): Promise<Response> => {
  const empty =
    method === "HEAD" || NULL_BODY_STATUS.has(data.statusCode) || data.headers["content-length"] === "0";
  const init = { status: data.statusCode, headers: toResponseHeaders(data.headers) };
  if (!empty) return new Response(toStream(data.body), init);
  // To the end that is here already: only then is the connection free for the next request.
  await data.body.dump();
  return new Response(null, init);
};

/** `fetch` over a connector; `createGuardedFetch` gives it the one that checks. */
export const createFetchOver = (connect: buildConnector.connector, limits: FetchLimits): GuardedFetch => {
  const { headersTimeoutMs, bodyTimeoutMs, maxResponseBytes, connectionsPerOrigin } = {
    ...DEFAULT_LIMITS,
    ...limits,
  };
  const agent = new Agent({
    connect,
    allowH2: false,
    connections: connectionsPerOrigin,
    headersTimeout: headersTimeoutMs,
    bodyTimeout: bodyTimeoutMs,
    maxResponseSize: maxResponseBytes,
    maxHeaderSize: MAX_HEADER_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: 60_000,
  });

  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = toUrl(input);
    const method = toMethod(init?.method);
    const data = await agent.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      headers: toRequestHeaders(init),
      body: toBody(init?.body),
      ...(init?.signal ? { signal: init.signal } : {}),
    });
    try {
      return await toResponse(data, method);
    } catch (cause) {
      data.body.on("error", () => undefined).destroy();
      throw new TypeError("the answer is not HTTP", { cause });
    }
  };
  return { fetch, close: () => agent.close() };
};

/** One per set of rules; it keeps its connections, which were checked when they were made. */
export const createGuardedFetch = (options: GuardedFetchOptions): GuardedFetch => {
  const { allow, tls = () => undefined, resolve = systemResolve, ...limits } = options;
  const connector = createCheckedConnector({
    check: createAddressCheck(allow),
    resolve,
    tls,
    connectTimeoutMs: limits.connectTimeoutMs ?? DEFAULT_LIMITS.connectTimeoutMs,
  });
  return createFetchOver(connector, limits);
};
