/**
 * Opens what a function keeps over its invocations: at most once at a time, and again after a failure, so that an
 * instance that started during an outage recovers by itself.
 */
export const openOnce = <T>(open: () => Promise<T>): (() => Promise<T>) => {
  let opened: Promise<T> | undefined;
  return () => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
};
