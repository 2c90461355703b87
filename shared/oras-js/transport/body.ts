import type { Hash } from "node:crypto";
import { OrasError } from "../errors.ts";

const DRAIN_BYTES = 65_536;

export interface ReadOptions {
  readonly what: string;
  readonly maxBytes: number;
  /** Fed with every chunk while it arrives. */
  readonly hash?: Hash;
}

const tooLarge = (what: string, maxBytes: number): OrasError =>
  new OrasError(`${what}: the answer is larger than ${maxBytes} bytes`, { code: "TOO_LARGE" });

const announcedBytes = (response: Response): number => {
  // Of an encoded body the header counts other bytes than the ones that are read.
  if (response.headers.has("content-encoding")) return 0;
  const length = Number(response.headers.get("content-length") ?? 0);
  return Number.isSafeInteger(length) ? length : 0;
};

const join = (chunks: readonly Uint8Array[], size: number): Uint8Array => {
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return only;
  const joined = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.byteLength;
  }
  return joined;
};

/** Reads a body up to a cap; an answer that announces or sends more is refused and its connection given up. */
export const readBody = async (
  response: Response,
  { what, maxBytes, hash }: ReadOptions,
): Promise<Uint8Array> => {
  if (announcedBytes(response) > maxBytes) {
    await abandon(response);
    throw tooLarge(what, maxBytes);
  }
  if (response.body === null) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return join(chunks, size);
      size += value.byteLength;
      if (size > maxBytes) throw tooLarge(what, maxBytes);
      hash?.update(value);
      chunks.push(value);
    }
  } catch (cause) {
    reader.cancel().catch(() => undefined);
    if (cause instanceof OrasError) throw cause;
    throw new OrasError(`${what}: the connection broke while the answer was read`, {
      code: "NETWORK",
      cause,
    });
  }
};

const abandon = async (response: Response): Promise<void> => {
  if (response.bodyUsed || response.body === null) return;
  await response.body.cancel().catch(() => undefined);
};

/** Lets go of a body nobody wants. A small one is read to its end, which keeps the connection for the next request. */
export const discardBody = async (response: Response): Promise<void> => {
  if (response.bodyUsed || response.body === null) return;
  if (announcedBytes(response) > DRAIN_BYTES) return abandon(response);
  await readBody(response, { what: "unused answer", maxBytes: DRAIN_BYTES }).catch(() => undefined);
};
