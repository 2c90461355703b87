import { decodeHex } from "../encoding/base64.ts";
import { type Json, parseJson } from "../encoding/json.ts";
import { toArray, toObject, toText } from "../encoding/json-fields.ts";
import { refuse } from "../refusal.ts";

/** An in-toto statement, as far as verification needs it. */
export interface Statement {
  readonly predicateType: string;
  /** sha256 digests of its subjects, in hex. */
  readonly digests: ReadonlySet<string>;
}

const MAX_SUBJECTS = 1024;
const MAX_DIGESTS = 32;
const SHA256_BYTES = 32;
const TYPES: ReadonlySet<string> = new Set([
  "https://in-toto.io/Statement/v1",
  "https://in-toto.io/Statement/v0.1",
]);

const readSha256 = (subject: Json): readonly string[] => {
  const digests = Object.entries(toObject(toObject(subject, "subject").digest, "subject digest"));
  if (digests.length > MAX_DIGESTS) refuse("limit-exceeded", "subject has too many digests");
  return digests.flatMap(([algorithm, value]) => {
    const digest = toText(value, "subject digest");
    // Other algorithms are not compared, but text that is no digest at all marks a statement nobody made in earnest.
    const bytes = decodeHex(algorithm === "sha256" ? digest : digest.toLowerCase());
    if (algorithm !== "sha256") return [];
    if (bytes.length !== SHA256_BYTES) refuse("evidence-malformed", "sha256 is not 32 bytes");
    return [digest];
  });
};

export const parseStatement = (payload: Buffer): Statement => {
  const statement = toObject(parseJson(payload), "statement");
  if (!TYPES.has(toText(statement._type, "statement type")))
    refuse("payload-type-mismatch", "not an in-toto statement");
  const subjects = toArray(statement.subject, "subjects");
  if (subjects.length > MAX_SUBJECTS) refuse("limit-exceeded", "statement has too many subjects");
  return {
    predicateType: toText(statement.predicateType, "predicate type"),
    digests: new Set(subjects.flatMap(readSha256)),
  };
};
