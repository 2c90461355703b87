/**
 * Waits for all, then answers like the first to have failed in the given order. Checks overlap on several
 * threads; the reason reported must not depend on which of them was quickest, and none may still be running
 * when the answer is out.
 */
export const inOrder = async <T extends readonly unknown[] | []>(
  values: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> => {
  await Promise.allSettled(values);
  // Of promises that have all settled, this one rejects with the first by position.
  return Promise.all(values);
};
