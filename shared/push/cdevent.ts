import * as v from "valibot";
import { isDigest } from "../artifact/digest.ts";
import type { Push } from "../ports.ts";
import { toIgnored } from "./ignored.ts";
import { malformed } from "./malformed.ts";
import { toEventId, toPush } from "./normalise.ts";
import { splitPackageUrl } from "./purl.ts";
import { optionalText, parseShape } from "./shape.ts";
import type { SourceName, SourceOptions } from "./source.ts";

/** CDEvents 0.4 says `context.version` where 0.5 says `specversion`; neither is needed here. */
const CDEVENT = v.object({
  context: v.object({ id: optionalText, type: v.string() }),
  subject: v.object({ id: v.string() }),
});

const TYPE = /^dev\.cdevents\.artifact\.(published|signed)(?:\.|$)/;

export const isCdEvent = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.hasOwn(value, "context");

/** `artifact.published` is a push; `artifact.signed` is evidence for the artifact its subject names. */
export const parseCdEvent = (source: SourceName, value: unknown, options: SourceOptions): Push => {
  const { context, subject } = parseShape(source, CDEVENT, value);
  const id = toEventId(context.id);
  const event = TYPE.exec(context.type)?.[1];
  if (event === undefined) return toIgnored({ source, reason: "unknown-event", id });
  const named = splitPackageUrl(subject.id);
  if (named === undefined) throw malformed(source, "subject.id", "is not a package URL");
  if (named === "not-oci") return toIgnored({ source, reason: "not-oci", id });
  if (named.host === "" && options.registry === undefined)
    throw malformed(source, "subject.id", "has no repository_url");
  const announced = { source, at: "subject.id", ...named, id };
  if (event === "published" || named.digest === undefined) return toPush(announced, options.registry);
  if (!isDigest(named.digest)) throw malformed(source, "subject.id", "has no usable digest");
  return toPush({ ...announced, tag: undefined, digest: undefined, subject: named.digest }, options.registry);
};
