import * as v from "valibot";
import { malformed } from "./malformed.ts";

const ARTICLE = /^[AEIOUaeiou]/;

const describe = (issue: v.BaseIssue<unknown>): string => {
  if (issue.received === "undefined") return "is missing";
  const expected = issue.expected?.replaceAll('"', "") ?? "valid value";
  return `is not ${ARTICLE.test(expected) ? "an" : "a"} ${expected}`;
};

/** Checks untrusted JSON against a schema; the error names the first field that is missing or of another type. */
export const parseShape = <TSchema extends v.GenericSchema>(
  source: string,
  schema: TSchema,
  value: unknown,
  at?: string,
): v.InferOutput<TSchema> => {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = [at, v.getDotPath(issue)].filter((part) => part !== undefined && part !== null).join(".");
  throw malformed(source, field === "" ? "body" : field, describe(issue));
};

/** Senders differ in whether they leave out, null or blank what they do not have. */
export const optionalText = v.nullish(v.string());
