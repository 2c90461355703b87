import { OrasError, type OrasErrorCode, quote } from "../errors.ts";
import { isJsonObject, tryParseObject } from "../json.ts";
import { readBody } from "./body.ts";

const ERROR_BYTES = 16_384;
const LONGEST_WAIT_MS = 24 * 60 * 60 * 1000;
const SPEC_CODE = /^[A-Z][A-Z0-9_]{0,63}$/;

const codeOf = (status: number): OrasErrorCode => {
  if (status === 401) return "UNAUTHORIZED";
  if (status === 403) return "DENIED";
  if (status === 404 || status === 410) return "NOT_FOUND";
  if (status === 405 || status === 501) return "UNSUPPORTED";
  if (status === 413) return "TOO_LARGE";
  if (status === 429) return "RATE_LIMITED";
  if (status === 408 || status === 425 || status >= 500) return "UNAVAILABLE";
  return "UNEXPECTED_STATUS";
};

/** Seconds or an HTTP date, as milliseconds from now; nonsense is no answer, a very long wait is cut to a day. */
export const parseRetryAfter = (header: string | null, nowMs: number): number | undefined => {
  if (header === null) return undefined;
  const text = header.trim();
  const isDate = /^[A-Z][a-z]{2,8}, /.test(text);
  const ms = /^[0-9]{1,9}$/.test(text) ? Number(text) * 1000 : isDate ? Date.parse(text) - nowMs : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_WAIT_MS);
};

interface SpecErrors {
  readonly codes: readonly string[];
  readonly message: string | undefined;
}

/** Reads `{"errors":[{"code","message"}]}`, or the bare entry some registries send; anything else is no detail. */
export const parseSpecErrors = (bytes: Uint8Array): SpecErrors => {
  const parsed = tryParseObject(bytes);
  if (parsed === undefined) return { codes: [], message: undefined };
  const listed: readonly unknown[] = Array.isArray(parsed.errors) ? parsed.errors : [parsed];
  const entries = listed.slice(0, 10).filter(isJsonObject);
  const codes = entries.map(({ code }) => code).filter((code) => typeof code === "string");
  const messages = entries.map(({ message }) => message).filter((message) => typeof message === "string");
  return {
    codes: codes.filter((code) => SPEC_CODE.test(code)),
    message: messages.find((each) => each !== ""),
  };
};

/** Turns an answer nobody asked for into the error to throw. Never throws itself: a broken body is no detail. */
export const toResponseError = async (
  what: string,
  response: Response,
  nowMs: number,
): Promise<OrasError> => {
  const bytes = await readBody(response, { what, maxBytes: ERROR_BYTES }).catch(() => new Uint8Array(0));
  const { codes, message } = parseSpecErrors(bytes);
  const detail = [codes.join(","), message === undefined ? "" : quote(message)].filter((part) => part !== "");
  const text = `${what}: HTTP ${response.status}${detail.length === 0 ? "" : ` ${detail.join(" ")}`}`;
  return new OrasError(text, {
    code: codes.includes("TOOMANYREQUESTS") ? "RATE_LIMITED" : codeOf(response.status),
    status: response.status,
    retryAfterMs: parseRetryAfter(response.headers.get("retry-after"), nowMs),
    specCodes: codes,
  });
};
