import type { Digest } from "../../artifact/digest.ts";
import { PipelineError } from "../../errors.ts";

/** A tag as a registry announced it; the digest is what it said then. */
export interface AnnouncedTag {
  readonly tag: string;
  readonly digest?: Digest;
}

/**
 * A registry may announce a manifest just before its tag names it (CNCF Distribution does): what differs from the
 * announcement is asked about again for this long before it counts.
 */
const SETTLE_MS = 10_000;
const FIRST_SETTLE_WAIT_MS = 100;

const behind = (what: string, retryAfterMs: number): PipelineError =>
  new PipelineError(`${what} may not be what was announced yet`, {
    code: "REGISTRY_BEHIND_EVENT",
    retryAfterMs,
  });

/** Settled as well when the clock was set back: then nobody knows how old the announcement is. */
export const isSettled = (ageMs: number): boolean => Math.abs(ageMs) >= SETTLE_MS;

/** Throws while the registry may still be about to do what it announced. */
export const awaitAnnounced = (
  { tag, digest }: AnnouncedTag,
  current: Digest | undefined,
  ageMs: number,
): void => {
  const isThere = current !== undefined && (digest === undefined || digest === current);
  if (isThere || isSettled(ageMs)) return;
  throw behind(`tag ${tag}`, Math.max(FIRST_SETTLE_WAIT_MS, ageMs / 2));
};

/** Throws until the registry has settled, so that `what` is looked at once more then. */
export const lookOnceMore = (what: string, ageMs: number): void => {
  if (!isSettled(ageMs)) throw behind(what, SETTLE_MS - Math.max(ageMs, 0));
};
