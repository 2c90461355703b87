import { type RepositoryName, toRepositoryName } from "../artifact/repository.ts";
import type { Push } from "../ports.ts";
import { isHost, isRepositoryPath, isUsableDigest, isUsableTag } from "./names.ts";

/** Why an event asks for no work. The codes are stable: they show in decisions and metrics. */
export const IGNORED = {
  blob: "a layer or config, not a manifest",
  pull: "somebody read",
  delete: "something was removed",
  mount: "a blob was mounted from another repository",
  scan: "a vulnerability scan",
  lint: "the registry's own lint result",
  "repository-created": "a repository without content so far",
  "storage-class": "archived or restored",
  "replication-failed": "replication did not succeed, so nothing new can be pulled",
  "replication-summary": "names no tag or digest; the push events of the same replication do",
  "pull-through-failed": "the cache could not fetch",
  "action-failed": "the registry says that the action failed",
  "legacy-chart": "az acr helm charts are no OCI artifacts",
  quarantine: "not released for pulls yet",
  ping: "the sender's test",
  handshake: "the sender's subscription check",
  "not-container": "a package or asset of another kind",
  "not-oci": "a package URL of another kind",
  "no-tags": "names no tag and no digest",
  "unknown-action": "an action this source does not act on",
  "unknown-event": "an event this source does not act on",
  "malformed-entry": "one entry of a batch without what it needs",
} as const;

export type IgnoredReason = keyof typeof IGNORED;

interface KnownFields {
  readonly source: string;
  readonly reason: IgnoredReason;
  readonly host?: string | null | undefined;
  readonly repository?: string | null | undefined;
  readonly tag?: string | null | undefined;
  readonly digest?: string | null | undefined;
  readonly id?: string | undefined;
}

const nameOf = ({ host, repository }: KnownFields): Partial<RepositoryName> => {
  if (typeof repository !== "string" || !isRepositoryPath(repository)) return {};
  return typeof host === "string" && isHost(host) ? toRepositoryName(host, repository) : { repository };
};

/** Keeps what helps a person find the event again; never fails, since nothing is done with it. */
export const toIgnored = (known: KnownFields): Push => {
  const { source, reason, tag, digest, id } = known;
  return {
    source,
    kind: "ignored",
    ...nameOf(known),
    ...(isUsableTag(tag) && { tag }),
    ...(isUsableDigest(digest) && { digest }),
    reason,
    ...(id !== undefined && { id }),
  };
};
