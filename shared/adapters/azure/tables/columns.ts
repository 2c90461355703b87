import { PipelineError } from "../../../errors.ts";
import type { Columns } from "./table.ts";

/** A property takes 64 KiB, which is 32 Ki characters of UTF-16; an entity takes 1 MiB, other properties included. */
const CHUNK_CHARACTERS = 32_000;
const MAX_CHUNKS = 15;

const escapeCharacter = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** JSON in ASCII: cut anywhere, no piece of it is half a character. */
const toAsciiJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[^\x20-\x7e]/g, escapeCharacter);

/** A value as JSON over as many columns as it needs. Throws `STATE_UNAVAILABLE` for more than an entity takes. */
export const toJsonColumns = (value: unknown, what: string): Columns => {
  const json = toAsciiJson(value);
  const count = Math.ceil(json.length / CHUNK_CHARACTERS);
  if (count > MAX_CHUNKS) {
    throw new PipelineError(`${what} is ${json.length} characters, more than one entity of a table takes`, {
      code: "STATE_UNAVAILABLE",
    });
  }
  const columns: Record<string, string> = {};
  for (let index = 0; index < count; index++) {
    columns[`json${index}`] = json.slice(index * CHUNK_CHARACTERS, (index + 1) * CHUNK_CHARACTERS);
  }
  return columns;
};

/** What `toJsonColumns` kept. */
export const fromJsonColumns = (columns: Columns): unknown => {
  let json = "";
  for (let index = 0; index < MAX_CHUNKS; index++) json += columns[`json${index}`] ?? "";
  return JSON.parse(json);
};
