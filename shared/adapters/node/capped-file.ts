import { open } from "node:fs/promises";

/** Why a file was not read; `reason` is for people and names no path. */
export class FileUnreadable extends Error {
  override readonly name = "FileUnreadable";
  readonly absent: boolean;

  constructor(reason: string, options: { absent: boolean; cause?: unknown }) {
    super(reason, options.cause === undefined ? undefined : { cause: options.cause });
    this.absent = options.absent;
  }
}

const toUnreadable = (cause: unknown): FileUnreadable => {
  if (cause instanceof FileUnreadable) return cause;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
  if (code === "ENOENT") return new FileUnreadable("no such file", { absent: true, cause });
  const mend = code === "EISDIR" ? "it is a folder; name a file in it" : "check its path and permissions";
  return new FileUnreadable(`cannot be read (${code}); ${mend}`, { absent: false, cause });
};

/** Reads a file of at most `maxBytes`, whatever its size claims to be. Throws `FileUnreadable`. */
export const readCappedFile = async (path: string, maxBytes: number): Promise<Uint8Array> => {
  try {
    await using handle = await open(path, "r");
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      const chunk = new Uint8Array(65_536);
      const { bytesRead } = await handle.read(chunk, 0, chunk.byteLength, null);
      if (bytesRead === 0) return Buffer.concat(chunks);
      length += bytesRead;
      if (length > maxBytes) {
        throw new FileUnreadable(`is larger than ${maxBytes} bytes`, { absent: false });
      }
      chunks.push(chunk.subarray(0, bytesRead));
    }
  } catch (cause) {
    throw toUnreadable(cause);
  }
};
