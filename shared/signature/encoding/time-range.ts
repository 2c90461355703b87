import { parseRfc3339 } from "../../civil-time.ts";
import { refuse } from "../refusal.ts";
import type { Json } from "./json.ts";
import { isSet, toClosedObject, toText } from "./json-fields.ts";

/** A closed interval; an open end means "still in use". */
export interface TimeRange {
  readonly startMs: number;
  readonly endMs: number | undefined;
}

const FIELDS = new Set(["start", "end"]);

/** Of what RFC 3339 allows, the one form that protobuf's JSON writes: UTC as `Z`, no leap seconds. */
const PROTOBUF_TIME = /T..:..:[0-5]\d(?:\.\d+)?Z$/;

const toMs = (value: Json | undefined, name: string): number => {
  const text = toText(value, name);
  const timeMs = PROTOBUF_TIME.test(text) ? parseRfc3339(text) : undefined;
  return timeMs ?? refuse("evidence-malformed", `${name} is not an RFC 3339 time in UTC`);
};

/** A `validFor`. Its start is required: a key without one would be trusted for all of the past. */
export const parseTimeRange = (value: Json | undefined, owner: string): TimeRange => {
  const fields = toClosedObject(value, `${owner} validFor`, FIELDS);
  const startMs = toMs(fields.start, `${owner} validity start`);
  const endMs = isSet(fields.end) ? toMs(fields.end, `${owner} validity end`) : undefined;
  if (endMs !== undefined && endMs < startMs)
    refuse("evidence-malformed", `${owner} validity ends before it starts`);
  return { startMs, endMs };
};

export const includes = ({ startMs, endMs }: TimeRange, atMs: number): boolean =>
  startMs <= atMs && (endMs === undefined || atMs <= endMs);
