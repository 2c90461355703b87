/** Names policy as it was made (a compiled catalog, an artifact of manifests), and tells which of two is newer. */
export interface PolicyStamp {
  /** Names the content. */
  readonly version: string;
  /** When it was made, as its maker wrote it: no part of the content, which may be made again at any time. */
  readonly madeAtMs: number;
}

/** What was made further ahead would keep out all honest policy that follows. */
export const MAX_AHEAD_MS = 10 * 60_000;

// biome-ignore lint/style/noRestrictedGlobals: writes a given time, takes none
const toText = (atMs: number): string => new Date(atMs).toISOString();

/**
 * Why `next` may not follow `inUse`; undefined when it may. Older policy, properly signed, would bring back
 * yesterday's rules.
 */
export const refuseSuccessor = (
  next: PolicyStamp,
  inUse: PolicyStamp | undefined,
  nowMs: number,
): string | undefined => {
  if (next.madeAtMs > nowMs + MAX_AHEAD_MS) {
    return `made ahead of this clock, at ${toText(next.madeAtMs)}; set the clocks and make it again`;
  }
  // Two of one moment: `flux push artifact` writes whole seconds.
  if (inUse === undefined || next.version === inUse.version || next.madeAtMs >= inUse.madeAtMs) {
    return undefined;
  }
  const times = `made at ${toText(next.madeAtMs)}, the one in use at ${toText(inUse.madeAtMs)}`;
  return `older than the one in use (${times}); to go back, make it again from the older manifests`;
};
