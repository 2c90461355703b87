import { createHash } from "node:crypto";
import { type Digest, parseEvidenceTag } from "../artifact/digest.ts";
import { type RepositoryName, toRepositoryName } from "../artifact/repository.ts";
import type { Push } from "../ports.ts";
import { malformed } from "./malformed.ts";
import { isEventId, isHost, isMediaType, isRepositoryPath, isUsableDigest, isUsableTag } from "./names.ts";

/** What one event says, as the sender wrote it. */
export interface Announced {
  readonly source: string;
  /** Prefix of field names in errors, e.g. `events.3.target`. */
  readonly at?: string | undefined;
  readonly host: string | undefined;
  readonly repository: string;
  readonly tag?: string | null | undefined;
  readonly digest?: string | null | undefined;
  readonly mediaType?: string | null | undefined;
  readonly subject?: Digest | undefined;
  /** The event says that it is about a referrer, even if not of what. */
  readonly isEvidence?: boolean;
  readonly id?: string | undefined;
}

type Named = RepositoryName | { readonly repository: string };

const parseName = (announced: Announced, override: string | undefined): Named => {
  const { source, at, repository } = announced;
  const field = (name: string): string => (at === undefined ? name : `${at}.${name}`);
  // The configured host wins unread: what an event says about hosts may be internal, or a lie.
  const host = override ?? announced.host;
  if (host !== undefined && !isHost(host)) throw malformed(source, field("host"), "is not a registry host");
  if (!isRepositoryPath(repository)) throw malformed(source, field("repository"), "is not a repository name");
  return host === undefined ? { repository } : toRepositoryName(host, repository);
};

const pickDigest = ({ digest, tag }: Announced): Digest | undefined => {
  if (isUsableDigest(digest)) return digest;
  // Harbor, zot and JFrog put the digest where the tag belongs when there is no tag.
  return isUsableDigest(tag) ? tag : undefined;
};

/** An id that fits keys and logs; one that does not is replaced by its hash, which tells duplicates as well. */
export const toEventId = (id: string | null | undefined): string | undefined => {
  if (id === undefined || id === null || id === "") return undefined;
  return isEventId(id) ? id : `sha256:${createHash("sha256").update(id).digest("hex")}`;
};

/** An event that names several artifacts has one id; each of them needs its own. */
export const toPartId = (id: string | undefined, index: number): string | undefined =>
  id === undefined || index === 0 ? id : `${id}#${index}`;

/**
 * Makes the one push an event announces. A tag or digest outside the grammar is dropped where the other one names
 * the artifact: the registry is read again anyway, and a tag nobody can write is a tag nobody selects.
 */
export const toPush = (announced: Announced, override: string | undefined): Push => {
  const name = parseName(announced, override);
  const { source, at, mediaType, id } = announced;
  const tag = isUsableTag(announced.tag) ? announced.tag : undefined;
  const digest = pickDigest(announced);
  const subject = announced.subject ?? (tag === undefined ? undefined : parseEvidenceTag(tag)?.subject);
  if (tag === undefined && digest === undefined && subject === undefined)
    throw malformed(
      source,
      at ?? "body",
      "names no usable tag and no usable digest (sha256: and 64 hex digits)",
    );
  return {
    source,
    kind: subject !== undefined || announced.isEvidence === true ? "evidence" : "artifact",
    ...name,
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
    ...(isMediaType(mediaType) && { mediaType }),
    ...(subject !== undefined && { subject }),
    ...(id !== undefined && { id }),
  };
};
