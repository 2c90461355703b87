import { OrasError } from "../errors.ts";

const codeOf = (error: unknown): unknown => (error instanceof Error ? Reflect.get(error, "code") : undefined);

/** As the system calls it, such as ECONNREFUSED; `fetch` of Node wraps it once. */
const reasonOf = (cause: unknown): string => {
  const code = codeOf(cause) ?? codeOf(cause instanceof Error ? cause.cause : undefined);
  return typeof code === "string" ? code : "no reason given";
};

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
    throw new OrasError(
      `${what}: no connection (${reasonOf(cause)}); check the host, and that it answers from here`,
      {
        code: "NETWORK",
        cause,
      },
    );
  }
};
