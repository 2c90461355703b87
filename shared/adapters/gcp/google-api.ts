import { setTimeout as wait } from "node:timers/promises";
import { PipelineError } from "../../errors.ts";
import { BodyTooLarge, readCapped } from "../remote/capped-body.ts";
import type { AccessTokenSource } from "./cached-token.ts";

export interface GoogleRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** Of the answer; default 16 MiB. */
  readonly maxBytes?: number;
}

/** What a call came to. `status` is Google's own word, such as `ALREADY_EXISTS`; or ours, `UNREACHABLE` and `TOO_LARGE`. */
export type GoogleAnswer =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | {
      readonly ok: false;
      readonly status: string;
      /** One line for people, without credentials. */
      readonly message: string;
      readonly retryAfterMs?: number;
      readonly cause?: unknown;
    };

/** One call of a Google API, with a bounded number of tries. Never throws for what the other side does. */
export type GoogleApi = (request: GoogleRequest) => Promise<GoogleAnswer>;

export interface GoogleApiOptions {
  readonly fetch: typeof globalThis.fetch;
  /** Absent for emulators, which ask for none. */
  readonly token?: AccessTokenSource;
}

const ATTEMPT_TIMEOUT_MS = 10_000;
const MAX_ATTEMPTS = 4;
const FIRST_PAUSE_MS = 40;
const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;
const MAX_MESSAGE = 300;

/** Google's words for "the same request may work in a moment"; of 409s only contention is one. */
const PASSING = new Set(["ABORTED", "UNAVAILABLE", "UNREACHABLE", "INTERNAL", "DEADLINE_EXCEEDED"]);

const STATUS_WORD: Readonly<Record<number, string>> = {
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  409: "ALREADY_EXISTS",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  502: "UNAVAILABLE",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

/** Parsed, or undefined for what is not JSON. */
export const parseJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
};

/** A key of an answer, whatever the answer is. */
export const at = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;

/** As `at`, for text; undefined for anything else. */
export const textAt = (value: unknown, key: string): string | undefined => {
  const found = at(value, key);
  return typeof found === "string" ? found : undefined;
};

const toOneLine = (text: string): string => text.replaceAll(/\s+/g, " ").trim().slice(0, MAX_MESSAGE);

const toRefusal = async (response: Response, url: string, token: string): Promise<GoogleAnswer> => {
  const bytes = await readCapped(response, 64 * 1024).catch(() => new Uint8Array());
  const body = parseJson(bytes);
  // A stream of answers (runQuery) wraps its error in a list.
  const error = at(Array.isArray(body) ? body[0] : body, "error");
  const words = textAt(error, "message") ?? "";
  const said = token === "" ? words : words.replaceAll(token, "[redacted]");
  const retryAfterS = Number(response.headers.get("retry-after") ?? Number.NaN);
  return {
    ok: false,
    status: textAt(error, "status") ?? STATUS_WORD[response.status] ?? `HTTP ${response.status}`,
    message: toOneLine(`${new URL(url).host} answered ${response.status} ${said}`),
    ...(retryAfterS >= 0 ? { retryAfterMs: retryAfterS * 1_000 } : {}),
  };
};

const toFailure = (url: string, cause: unknown): GoogleAnswer => {
  const { host } = new URL(url);
  if (cause instanceof BodyTooLarge) return { ok: false, status: "TOO_LARGE", message: cause.message, cause };
  // A token that cannot be had says more than that nothing came of the call.
  const message = cause instanceof PipelineError ? cause.message : `${host} cannot be reached`;
  return { ok: false, status: "UNREACHABLE", message, cause };
};

/** Google's APIs over their documented REST form: the client libraries cost a function most of its cold start. */
export const createGoogleApi = ({ fetch, token }: GoogleApiOptions): GoogleApi => {
  const tryOnce = async ({
    method,
    url,
    body,
    signal,
    maxBytes = DEFAULT_MAX_BYTES,
  }: GoogleRequest): Promise<GoogleAnswer> => {
    const timeout = AbortSignal.timeout(ATTEMPT_TIMEOUT_MS);
    const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    const headers: Record<string, string> = { accept: "application/json" };
    if (body !== undefined) headers["content-type"] = "application/json";
    try {
      const bearer = (await token?.(either))?.reveal() ?? "";
      if (bearer !== "") headers.authorization = `Bearer ${bearer}`;
      const response = await fetch(url, {
        method,
        headers,
        redirect: "error",
        signal: either,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!response.ok) return await toRefusal(response, url, bearer);
      return { ok: true, bytes: await readCapped(response, maxBytes) };
    } catch (cause) {
      return toFailure(url, cause);
    }
  };
  return async (request) => {
    for (let attempt = 1; ; attempt++) {
      const answer = await tryOnce(request);
      if (answer.ok || !PASSING.has(answer.status) || attempt === MAX_ATTEMPTS) return answer;
      if (request.signal?.aborted === true) return answer;
      // Jitter over the whole pause: racing writers must not meet again.
      await wait(FIRST_PAUSE_MS * 2 ** attempt * Math.random());
    }
  };
};
