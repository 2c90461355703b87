import type { GuardedFetch, GuardedFetchOptions } from "./guarded-fetch.ts";

/** As `createGuardedFetch`, loaded with its first request: the HTTP client is a good part of a function's start. */
export const createLazyGuardedFetch = (options: GuardedFetchOptions): GuardedFetch => {
  let opened: Promise<GuardedFetch> | undefined;
  const open = (): Promise<GuardedFetch> => {
    opened ??= import("./guarded-fetch.ts").then(({ createGuardedFetch }) => createGuardedFetch(options));
    return opened;
  };
  return {
    fetch: async (input, init) => (await open()).fetch(input, init),
    async close() {
      await (await opened)?.close();
    },
  };
};
