const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const BYTES = { B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 } as const;

export const DURATION_PATTERN = /^([0-9]{1,9})(ms|s|m|h|d)$/;
export const SIZE_PATTERN = /^([0-9]{1,9})(B|KiB|MiB|GiB)$/;

/** Reads `15m`, `30s`, `90d`. One number, one unit: nothing to add up, nothing to misread. */
export const parseDurationMs = (text: string): number | undefined => {
  const match = DURATION_PATTERN.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * MILLISECONDS[match[2] as keyof typeof MILLISECONDS];
};

/** Reads `10MiB`. Binary units only, as Kubernetes writes them. */
export const parseBytes = (text: string): number | undefined => {
  const match = SIZE_PATTERN.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * BYTES[match[2] as keyof typeof BYTES];
};
