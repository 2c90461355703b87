import { OrasError } from "./errors.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Parses bytes that must be a JSON object in UTF-8; `undefined` when they are not. */
export const tryParseObject = (bytes: Uint8Array): JsonObject | undefined => {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

export const parseObject = (
  what: string,
  bytes: Uint8Array,
  code: "RESPONSE_MALFORMED" | "MANIFEST_INVALID",
): JsonObject => {
  const value = tryParseObject(bytes);
  if (value === undefined) throw new OrasError(`${what}: not a JSON object`, { code });
  return value;
};
