import type { Version } from "../state.ts";

/** The version alone, of anything that is one and more. */
export const versionOf = ({ tag, digest }: Version): Version =>
  tag === undefined ? { digest } : { tag, digest };

export const isSameVersion = (a: Version | undefined, b: Version): boolean =>
  a !== undefined && a.tag === b.tag && a.digest === b.digest;
