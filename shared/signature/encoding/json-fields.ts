import { refuse } from "../refusal.ts";
import { decodeBase64 } from "./base64.ts";
import type { Json, JsonObject } from "./json.ts";

const malformed = (name: string, expected: string): never =>
  refuse("evidence-malformed", `${name} is not ${expected}`);

export const toObject = (value: Json | undefined, name: string): JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : malformed(name, "an object");

/** An object that holds no other names than these: what we do not know we cannot have checked. */
export const toClosedObject = (
  value: Json | undefined,
  name: string,
  allowed: ReadonlySet<string>,
): JsonObject => {
  const object = toObject(value, name);
  for (const key of Object.keys(object)) {
    if (!allowed.has(key)) refuse("evidence-malformed", `${name} has the unknown field ${key.slice(0, 64)}`);
  }
  return object;
};

export const toArray = (value: Json | undefined, name: string): readonly Json[] =>
  Array.isArray(value) ? (value as readonly Json[]) : malformed(name, "an array");

export const toText = (value: Json | undefined, name: string): string =>
  typeof value === "string" ? value : malformed(name, "a string");

export const toBytes = (value: Json | undefined, name: string): Buffer => decodeBase64(toText(value, name));

/** protobuf's JSON form leaves a field out, or writes null, when it is unset. */
export const isSet = (value: Json | undefined): value is Exclude<Json, null> =>
  value !== undefined && value !== null;

const DECIMAL = /^(?:0|[1-9][0-9]{0,15})$/;

/** A non-negative 64-bit integer as protobuf's JSON writes it (decimal text) or as a plain number; exact up to 2^53. */
export const toCount = (value: Json | undefined, name: string): number => {
  const number = typeof value === "string" && DECIMAL.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0
    ? number
    : malformed(name, "a non-negative integer");
};
