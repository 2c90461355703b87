import { OrasError } from "../errors.ts";

/** Calls `fetch` without following redirects; whatever it throws becomes our own error. */
export const callFetch = async (
  fetch: typeof globalThis.fetch,
  what: string,
  url: URL,
  init: RequestInit,
): Promise<Response> => {
  try {
    return await fetch(url, { ...init, redirect: "manual" });
  } catch (cause) {
    throw new OrasError(`${what}: no connection`, { code: "NETWORK", cause });
  }
};
