/** Long work, in steps: whoever takes them may let others have a turn between two. */
export type Steps<T> = Generator<void, T>;

/** Takes the steps; how, is up to who waits for the end. */
export type TakeSteps = <T>(steps: Steps<T>) => Promise<T>;

/** Takes all steps at once. */
export const finish = <T>(steps: Steps<T>): T => {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
};

/** For work that nobody else waits beside. */
export const takeAtOnce: TakeSteps = async (steps) => finish(steps);

/** As `map`, a step for each item. */
export function* mapInSteps<Item, Result>(
  items: Iterable<Item>,
  toResult: (item: Item) => Result,
): Steps<Result[]> {
  const results: Result[] = [];
  for (const item of items) {
    results.push(toResult(item));
    yield;
  }
  return results;
}
