import * as v from "valibot";
import { isDigest } from "../artifact/digest.ts";
import type { Push } from "../ports.ts";
import { splitReference } from "./full-reference.ts";
import { malformed } from "./malformed.ts";
import { toEventId, toPush } from "./normalise.ts";
import { optionalText, parseShape } from "./shape.ts";
import type { SourceName, SourceOptions } from "./source.ts";

/** Sluice's own words for a push: one reference, or its parts under the names that `sluice parse` prints. */
const OWN_EVENT = v.object({
  id: optionalText,
  event: v.nullish(v.picklist(["pushed", "signed"])),
  reference: optionalText,
  registry: optionalText,
  repository: optionalText,
  tag: optionalText,
  digest: optionalText,
  mediaType: optionalText,
  subject: optionalText,
});
type OwnEvent = v.InferOutput<typeof OWN_EVENT>;

interface Place {
  readonly host: string | undefined;
  readonly repository: string;
  readonly tag?: string | null | undefined;
  readonly digest?: string | null | undefined;
}

const placeOf = (source: string, event: OwnEvent): Place => {
  const { reference, registry, repository, tag, digest } = event;
  if (typeof reference === "string") {
    const parts = splitReference(reference);
    if (parts === undefined) throw malformed(source, "reference", "is not a reference");
    return parts;
  }
  if (typeof repository !== "string") throw malformed(source, "reference", "is missing");
  return { host: registry ?? undefined, repository, tag, digest };
};

export const isOwnEvent = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  (Object.hasOwn(value, "reference") || Object.hasOwn(value, "repository"));

/** Unlike registries, whoever writes this can be told about a typing error: bad tags and digests are refused. */
export const parseOwnEvent = (
  source: SourceName,
  value: unknown,
  options: SourceOptions,
  envelopeId?: string,
): Push => {
  const event = parseShape(source, OWN_EVENT, value);
  const { host, repository, tag, digest } = placeOf(source, event);
  const { mediaType } = event;
  const id = toEventId(event.id ?? envelopeId);
  for (const [field, text] of [["digest", digest] as const, ["subject", event.subject] as const])
    if (typeof text === "string" && !isDigest(text)) throw malformed(source, field, "is not a sha256 digest");
  const named = { source, host, repository, tag, mediaType, id };
  // Who signs names what was signed, not the signature.
  if (event.event === "signed" && typeof digest === "string" && isDigest(digest))
    return toPush({ ...named, tag: undefined, subject: digest }, options.registry);
  const subject = typeof event.subject === "string" && isDigest(event.subject) ? event.subject : undefined;
  return toPush({ ...named, digest, subject }, options.registry);
};
