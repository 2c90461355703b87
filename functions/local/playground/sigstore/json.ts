export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Without white space and in the order given, as Go's encoder writes structs. */
export const toJsonBytes = (value: Json): Uint8Array => Buffer.from(JSON.stringify(value), "utf8");

const sortKeys = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value as JsonObject)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, member]) => [key, sortKeys(member)]),
  );
};

/** RFC 8785 for the values used here (strings, integers, objects): what SET and entry bodies are signed over. */
export const toCanonicalJson = (value: Json): Uint8Array => toJsonBytes(sortKeys(value));
