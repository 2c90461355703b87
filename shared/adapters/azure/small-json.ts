import { type ErrorCode, PipelineError } from "../../errors.ts";
import { readCapped } from "../remote/capped-body.ts";

const MAX_BYTES = 128 * 1024;

/** What to call, and how to speak of it in errors. */
export interface SmallRequest {
  readonly fetch: typeof globalThis.fetch;
  readonly url: string;
  readonly init: RequestInit;
  readonly what: string;
  readonly unavailable: ErrorCode;
}

/** Sends one request and gives the answer, whatever its status. Throws where there is none. */
export const askSmallJson = async ({
  fetch,
  url,
  init,
  what,
  unavailable,
}: SmallRequest): Promise<{ readonly status: number; readonly text: string }> => {
  try {
    const response = await fetch(url, { redirect: "manual", ...init });
    return {
      status: response.status,
      text: Buffer.from(await readCapped(response, MAX_BYTES)).toString("utf8"),
    };
  } catch (cause) {
    throw new PipelineError(`${what}: no answer`, { code: unavailable, cause });
  }
};

/** The JSON object of an answer. */
export const parseSmallJson = (
  text: string,
  what: string,
  code: ErrorCode,
): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below: a parser's message would quote the answer.
  }
  throw new PipelineError(`${what}: the answer is not JSON`, { code });
};

/**
 * Sends one request and gives the answer's JSON object. What the other side says of an error is not repeated: it may
 * quote tokens. `denied` is a refusal (401, 403).
 */
export const fetchSmallJson = async ({
  denied,
  ...request
}: SmallRequest & { readonly denied: ErrorCode }): Promise<Readonly<Record<string, unknown>>> => {
  const { what, unavailable } = request;
  const { status, text } = await askSmallJson(request);
  if (status !== 200) {
    const code = status === 401 || status === 403 ? denied : unavailable;
    throw new PipelineError(`${what}: ${status}`, { code });
  }
  return parseSmallJson(text, what, unavailable);
};

/** A field that must be there; numbers may come as text. */
export const textField = (
  object: Readonly<Record<string, unknown>>,
  name: string,
  what: string,
  code: ErrorCode,
): string => {
  const value = object[name];
  if (typeof value === "number") return String(value);
  if (typeof value === "string" && value !== "") return value;
  throw new PipelineError(`${what}: the answer has no ${name}`, { code });
};
