import type { Access, Authorizer } from "../authn/authorizer.ts";
import { OrasError } from "../errors.ts";
import { discardBody } from "./body.ts";
import { callFetch } from "./call-fetch.ts";
import { untilAborted, withDeadline } from "./deadline.ts";
import { redactUrl } from "./redact.ts";
import { checkLocation, isRedirect } from "./redirect.ts";

export interface Exchange {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  readonly url: URL;
  readonly access: Access;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

/** Reads what it wants of an answer; the rest is discarded and the deadline covers the reading too. */
export type ReadAnswer<T> = (response: Response, what: string) => Promise<T>;

export type Transport = <T>(exchange: Exchange, read: ReadAnswer<T>) => Promise<T>;

export interface TransportOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly authorizer: Authorizer;
  readonly timeoutMs: number;
  readonly maxRedirects: number;
  readonly userAgent: string;
}

type Attempt<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "unauthorized"; readonly challenge: string | null };

// `fetch` takes no shared memory; a view costs nothing, only shared bytes are copied.
const toFetchBody = ({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array<ArrayBuffer> =>
  buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer, byteOffset, byteLength)
    : new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength));

/** One exchange with a registry: authorised on demand, redirects followed by our rules, all of it timed. */
export const createTransport = ({
  fetch,
  authorizer,
  timeoutMs,
  maxRedirects,
  userAgent,
}: TransportOptions): Transport => {
  const send = async (exchange: Exchange, authorization: string | undefined, signal: AbortSignal) => {
    const { method, headers, body, access } = exchange;
    let url = exchange.url;
    for (let hops = 0; ; hops += 1) {
      // Only the registry's own origin ever sees its credentials.
      const trusted = url.origin === access.origin.origin;
      const response = await callFetch(fetch, `${method} ${redactUrl(url)}`, url, {
        method,
        headers: {
          // Digests are over the bytes as stored, so nobody may encode them on the way.
          "accept-encoding": "identity",
          "user-agent": userAgent,
          ...headers,
          ...(authorization !== undefined && trusted ? { authorization } : {}),
        },
        ...(body === undefined ? {} : { body: toFetchBody(body) }),
        signal,
      });
      const follows = isRedirect(response.status) && (method === "GET" || method === "HEAD");
      if (!follows) return { response, url };
      await discardBody(response);
      if (hops === maxRedirects) {
        const text = `${redactUrl(exchange.url)}: more than ${maxRedirects} redirects`;
        throw new OrasError(text, { code: "REDIRECT_REFUSED" });
      }
      url = checkLocation(response.headers.get("location"), url, access.origin);
    }
  };

  const attempt = <T>(
    exchange: Exchange,
    authorization: string | undefined,
    last: boolean,
    read: ReadAnswer<T>,
  ) =>
    withDeadline<Attempt<T>>(
      `${exchange.method} ${redactUrl(exchange.url)}`,
      timeoutMs,
      exchange.signal,
      async (signal) => {
        const { response, url } = await send(exchange, authorization, signal);
        const what = `${exchange.method} ${redactUrl(url)}`;
        // Where a redirect led to another origin, its challenge is not for our credentials.
        if (response.status === 401 && !last && url.origin === exchange.access.origin.origin) {
          await discardBody(response);
          return { kind: "unauthorized", challenge: response.headers.get("www-authenticate") };
        }
        try {
          return { kind: "done", value: await read(response, what) };
        } finally {
          await discardBody(response);
        }
      },
    );

  return async (exchange, read) => {
    const { access, signal } = exchange;
    const what = `${exchange.method} ${redactUrl(exchange.url)}`;
    const authorization = await untilAborted(what, authorizer.header(access), signal);
    const first = await attempt(exchange, authorization, false, read);
    if (first.kind === "done") return first.value;
    const renewed = await untilAborted(
      what,
      authorizer.renew(access, first.challenge, authorization),
      signal,
    );
    if (renewed === undefined) {
      const why =
        authorization === undefined ? "there are no usable credentials" : "the credentials were refused";
      throw new OrasError(`${what}: HTTP 401, ${why}`, { code: "UNAUTHORIZED", status: 401 });
    }
    const second = await attempt(exchange, renewed, true, read);
    if (second.kind === "done") return second.value;
    throw new OrasError(`${what}: HTTP 401`, { code: "UNAUTHORIZED", status: 401 });
  };
};
