import { createHash } from "node:crypto";
import * as v from "valibot";
import { type Digest, isDigest } from "../artifact/digest.ts";
import { PipelineError } from "../errors.ts";
import type { IncomingRequest, Push } from "../ports.ts";
import { parseBinaryCloudEvent } from "./cloudevent.ts";
import { type IgnoredReason, toIgnored } from "./ignored.ts";
import { parseBoundedJson } from "./json.ts";
import { MAX_MANIFEST_BODY_BYTES } from "./limits.ts";
import { toEventId, toPush } from "./normalise.ts";
import { optionalText, parseShape } from "./shape.ts";
import { authenticateHeader } from "./shared-secret.ts";
import type { PushSource, SourceOptions } from "./source.ts";

const SOURCE = "zot";
const UPDATED = "zotregistry.image.updated";

const REASON_BY_TYPE: ReadonlyMap<string, IgnoredReason> = new Map([
  ["zotregistry.image.deleted", "delete"],
  ["zotregistry.image.lint_failed", "lint"],
  ["zotregistry.image.scanned", "scan"],
  ["zotregistry.repository.created", "repository-created"],
]);

const IMAGE = v.object({
  name: v.string(),
  reference: v.string(),
  digest: v.string(),
  mediaType: optionalText,
  manifest: optionalText,
});
const ANY_EVENT = v.object({ name: optionalText, reference: optionalText, digest: optionalText });
const WITH_SUBJECT = v.object({ subject: v.object({ digest: v.string() }) });

/** The pushed bytes ride along; their `subject` counts only if they really are what the digest names. */
const subjectOf = (manifest: string | null | undefined, digest: string): Digest | undefined => {
  if (typeof manifest !== "string") return undefined;
  const bytes = new TextEncoder().encode(manifest);
  if (`sha256:${createHash("sha256").update(bytes).digest("hex")}` !== digest) return undefined;
  try {
    const parsed = parseBoundedJson(SOURCE, bytes, MAX_MANIFEST_BODY_BYTES);
    const { subject } = parseShape(SOURCE, WITH_SUBJECT, parsed);
    return isDigest(subject.digest) ? subject.digest : undefined;
  } catch (error) {
    // No subject, or no manifest at all: whoever evaluates the push reads it by its digest.
    if (error instanceof PipelineError) return undefined;
    throw error;
  }
};

const parse = (request: IncomingRequest, options: SourceOptions): readonly Push[] => {
  const event = parseBinaryCloudEvent(SOURCE, request, MAX_MANIFEST_BODY_BYTES);
  const id = toEventId(event.id);
  if (event.type !== UPDATED) {
    const { name, reference, digest } = parseShape(SOURCE, ANY_EVENT, event.data);
    const reason = REASON_BY_TYPE.get(event.type) ?? "unknown-event";
    return [
      toIgnored({
        source: SOURCE,
        reason,
        host: options.registry,
        repository: name,
        tag: reference,
        digest,
        id,
      }),
    ];
  }
  const { name, reference, digest, mediaType, manifest } = parseShape(SOURCE, IMAGE, event.data);
  const announced = {
    source: SOURCE,
    host: undefined,
    repository: name,
    tag: reference,
    digest,
    mediaType,
    id,
  };
  return [toPush({ ...announced, subject: subjectOf(manifest, digest) }, options.registry)];
};

/** CloudEvents in binary mode, sent once: `source` is the same for every zot, and no host is named. */
export const zot: PushSource = {
  name: SOURCE,
  authenticity: "shared-secret",
  maxBytes: MAX_MANIFEST_BODY_BYTES,
  answers: { accepted: 202, malformed: 400, unauthentic: 401, limited: 429 },
  authenticate: authenticateHeader,
  parse,
};
