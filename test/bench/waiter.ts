const ACCEPT_TIMEOUT_MS = 10_000;

export interface Waiter {
  /** For the receiver double. */
  readonly onAnnotated: () => void;
  /** When the receiver next accepts a request, on the clock of `performance`. */
  next(): Promise<number>;
}

export const createWaiter = (): Waiter => {
  let accept = (): void => {};
  return {
    onAnnotated: () => accept(),
    next: () =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error("the receiver was told nothing")), ACCEPT_TIMEOUT_MS);
        accept = () => {
          clearTimeout(timer);
          resolve(performance.now());
        };
      }),
  };
};
