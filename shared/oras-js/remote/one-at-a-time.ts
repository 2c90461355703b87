export type OneAtATime = <T>(key: string, work: () => Promise<T>) => Promise<T>;

/** Runs work with the same key strictly one after another; keys nobody waits for are forgotten. */
export const createOneAtATime = (): OneAtATime => {
  const tails = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const previous = tails.get(key) ?? Promise.resolve();
    // Someone else's failure is theirs; the next in line starts all the same.
    const mine = previous.then(work, work);
    const tail = mine.catch(() => undefined);
    tails.set(key, tail);
    try {
      return await mine;
    } finally {
      if (tails.get(key) === tail) tails.delete(key);
    }
  };
};
