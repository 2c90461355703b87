import { open } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { PipelineError } from "../../errors.ts";

const MAX_BYTES = 4 * 1_048_576;

/** What `parseConfig` needs to know of a file. */
export interface ConfigText {
  readonly text: string;
  readonly file: string;
  readonly baseFolder: string;
}

/** Reads a configuration file, capped. `file` may be relative to `folder`. */
export const readConfigText = async (file: string, folder: string): Promise<ConfigText> => {
  const path = resolve(folder, file);
  const fail = (message: string, cause?: unknown) =>
    new PipelineError(`${file}: ${message}`, { code: "CONFIG_INVALID", cause });
  const handle = await open(path, "r").catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === "ENOENT"
      ? fail("no such file; write one (see `sluice init --help`) or name another with --config", cause)
      : fail(`cannot be read (${cause.code ?? "unknown"})`, cause);
  });
  try {
    const buffer = new Uint8Array(MAX_BYTES + 1);
    let length = 0;
    while (length < buffer.byteLength) {
      const { bytesRead } = await handle.read(buffer, length, buffer.byteLength - length, null);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length > MAX_BYTES) throw fail("is larger than 4 MiB; that is no configuration");
    const text = new TextDecoder("utf-8", { fatal: true }).decode(buffer.subarray(0, length));
    return { text, file, baseFolder: dirname(path) };
  } catch (cause) {
    if (cause instanceof PipelineError) throw cause;
    if (cause instanceof TypeError) throw fail("is not UTF-8 text", cause);
    throw fail("cannot be read", cause);
  } finally {
    await handle.close();
  }
};
