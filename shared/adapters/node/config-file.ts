import { dirname, resolve } from "node:path";
import { PipelineError } from "../../errors.ts";
import { FileUnreadable, readCappedFile } from "./capped-file.ts";

const MAX_BYTES = 4 * 1_048_576;

/** What `parseConfig` needs to know of a file. */
export interface ConfigText {
  readonly text: string;
  readonly file: string;
  readonly baseFolder: string;
}

const decode = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

const HINT = "write one (see `sluice init --help`) or name another with --config";

/** Reads a configuration file, capped. `file` may be relative to `folder`. Throws `CONFIG_INVALID`. */
export const readConfigText = async (file: string, folder: string): Promise<ConfigText> => {
  const path = resolve(folder, file);
  const bytes = await readCappedFile(path, MAX_BYTES).catch((cause: unknown) => {
    if (!(cause instanceof FileUnreadable)) throw cause;
    const message = cause.absent ? `${file}: ${cause.message}; ${HINT}` : `${file}: ${cause.message}`;
    throw new PipelineError(message, { code: "CONFIG_INVALID", cause });
  });
  const text = decode(bytes);
  if (text === undefined)
    throw new PipelineError(`${file}: is not UTF-8 text; save it as UTF-8`, { code: "CONFIG_INVALID" });
  return { text, file, baseFolder: dirname(path) };
};
