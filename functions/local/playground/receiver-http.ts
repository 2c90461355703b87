import type { IncomingMessage } from "node:http";

const MAX_BODY_BYTES = 3 * 1024 * 1024;

export type BodyResult = Uint8Array | "too-large" | "stalled" | "aborted";

/** Reads at most what the controller reads, and not for ever. */
export const readBody = (message: IncomingMessage, timeoutMs: number): Promise<BodyResult> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (result: BodyResult): void => {
      clearTimeout(timer);
      message.removeAllListeners("data");
      resolve(result);
    };
    const timer = setTimeout(() => finish("stalled"), timeoutMs);
    message.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      // The excess is read and dropped for a while: a reset in mid-upload would hide the 413 from the sender.
      if (bytes > 2 * MAX_BODY_BYTES) finish("too-large");
      else if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    });
    message.on("end", () => finish(bytes > MAX_BODY_BYTES ? "too-large" : Buffer.concat(chunks)));
    message.on("close", () => finish("aborted"));
    message.on("error", () => finish("aborted"));
  });

/** Of a repeated header the first value counts. */
export const firstHeaders = (message: IncomingMessage): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(message.headersDistinct).map(([name, values]) => [name, values?.[0] ?? ""]),
  );

/** Where the controller's router answers by itself: paths to be cleaned and paths outside `/hook/`. */
export const route = (
  target: string,
): { readonly status: number; readonly location?: string } | undefined => {
  const path = target.split("?", 1)[0] ?? "";
  if (!path.startsWith("/")) return undefined;
  const clean = path.replace(/\/{2,}/g, "/");
  if (clean === "/hook") return { status: 307, location: "/hook/" };
  if (!clean.startsWith("/hook/")) return { status: 404 };
  return clean === path ? undefined : { status: 307, location: clean };
};
