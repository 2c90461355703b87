/** What one request may carry. */
export interface BatchLimits {
  readonly entries: number;
  readonly bytes: number;
}

/** In order, as many in each as one request may carry; what is too large by itself is alone in its batch. */
export const toBatches = <T>(
  items: readonly T[],
  sizeOf: (item: T) => number,
  limits: BatchLimits,
): readonly (readonly T[])[] => {
  const batches: T[][] = [];
  let bytes = 0;
  for (const item of items) {
    const size = sizeOf(item);
    const batch = batches.at(-1);
    if (batch === undefined || batch.length === limits.entries || bytes + size > limits.bytes) {
      batches.push([item]);
      bytes = size;
    } else {
      batch.push(item);
      bytes += size;
    }
  }
  return batches;
};
