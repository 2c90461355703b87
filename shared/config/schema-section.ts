import * as v from "valibot";
import { nearest } from "./nearest.ts";

type Entries = Readonly<Record<string, v.GenericSchema>>;
type OutputOf<TEntries extends Entries> = v.InferOutput<v.ObjectSchema<TEntries, undefined>>;

/** A file with more unknown keys in one place is not a configuration with typing errors. */
const MAX_REPORTED = 100;

const unknownKey = (key: string, known: readonly string[]): string => {
  const guess = nearest(key, known);
  return guess === undefined
    ? `is not a known key; known here: ${known.join(", ")}`
    : `is not a known key; did you mean \`${guess}\`?`;
};

const missingKey = (schema: v.GenericSchema | undefined): string => {
  const description = schema === undefined ? undefined : v.getDescription(schema);
  return description === undefined ? "is missing" : `is missing; write it: ${description}`;
};

/**
 * A mapping that knows its keys. Every unknown one is reported (valibot's `strictObject` stops at the first),
 * because a misspelt `identities` that is skipped would loosen the gate.
 */
export const section = <const TEntries extends Entries>(
  description: string,
  entries: TEntries,
): v.GenericSchema<unknown, OutputOf<TEntries>> => {
  const known = Object.keys(entries);
  const mapping = v.looseObject(entries, (issue) =>
    issue.expected === "Object"
      ? `must be a mapping with keys such as ${known.slice(0, 3).join(", ")}`
      : missingKey(entries[String(issue.path?.at(-1)?.key)]),
  );
  return v.pipe(
    mapping,
    v.description(description),
    v.rawCheck(({ dataset: { value }, addIssue }) => {
      if (typeof value !== "object" || value === null) return;
      const input = { ...value };
      const unknown = Object.entries(value).filter(([key]) => !Object.hasOwn(entries, key));
      for (const [key, held] of unknown.slice(0, MAX_REPORTED)) {
        addIssue({
          message: unknownKey(key, known),
          path: [{ type: "object", origin: "key", input, key, value: held }],
        });
      }
    }),
  ) as v.GenericSchema<unknown, OutputOf<TEntries>>;
};

/** A value that is one of several mappings, told apart by the key that only one of them has. */
export const oneOf = <const TOptions extends Entries>(
  description: string,
  options: TOptions,
  message: string,
): v.GenericSchema<unknown, v.InferOutput<TOptions[keyof TOptions]>> => {
  const all = v.pipe(v.union(Object.values(options)), v.description(description));
  const none = v.never(message);
  const choose = (input: unknown): v.GenericSchema => {
    // The JSON Schema generator asks without a value and gets all of them.
    if (input === undefined) return all;
    if (typeof input !== "object" || input === null) return none;
    const key = Object.keys(options).find((name) => Object.hasOwn(input, name));
    return (key === undefined ? undefined : options[key]) ?? none;
  };
  return v.lazy(choose) as v.GenericSchema<unknown, v.InferOutput<TOptions[keyof TOptions]>>;
};

/** A value that is plain text or something else. */
export const textOr = <TText extends v.GenericSchema, TOther extends v.GenericSchema>(
  text: TText,
  other: TOther,
): v.GenericSchema<unknown, v.InferOutput<TText> | v.InferOutput<TOther>> => {
  const both = v.union([text, other]);
  return v.lazy((input: unknown): v.GenericSchema => {
    if (input === undefined) return both;
    return typeof input === "string" ? text : other;
  }) as v.GenericSchema<unknown, v.InferOutput<TText> | v.InferOutput<TOther>>;
};

/** A list with at least one entry. */
export const list = <TItem extends v.GenericSchema>(item: TItem, example: string) =>
  v.pipe(
    v.array(item, `must be a list; write e.g. ${example}`),
    v.minLength(1, `must not be empty; write e.g. ${example}, or leave the key out`),
    v.maxLength(10_000, "must have at most 10000 entries"),
  );

/** A mapping whose keys the user chooses. */
export const mapOf = <TValue extends v.GenericSchema>(
  key: v.GenericSchema<string>,
  value: TValue,
  message: string,
): v.GenericSchema<unknown, Readonly<Record<string, v.InferOutput<TValue>>>> => v.record(key, value, message);
