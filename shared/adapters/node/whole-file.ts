import { link, lstat, rename, rm, writeFile } from "node:fs/promises";

/** Where a folder is on something that knows no hard links. */
const NO_LINKS: ReadonlySet<unknown> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/** Where the text stands until all of it is there. */
const withNext = async (
  path: string,
  text: string,
  mode: number,
  settle: (next: string) => Promise<void>,
): Promise<void> => {
  const next = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(next, text, { mode });
    await settle(next);
  } finally {
    await rm(next, { force: true });
  }
};

const DEFAULT_MODE = 0o666;

/** Writes all of a file or nothing: where that is stopped, or the disk is full, the old one stays. */
export const replaceFile = async (path: string, text: string, newMode = DEFAULT_MODE): Promise<void> => {
  const found = await lstat(path).catch(() => undefined);
  // A device or a link is written through: a file in its place would end it.
  if (found !== undefined && !found.isFile()) return writeFile(path, text);
  const mode = found === undefined ? newMode : found.mode & 0o777;
  await withNext(path, text, mode, (next) => rename(next, path));
};

/** The same for a file that is not there; throws EEXIST where one is. */
export const createFile = (path: string, text: string): Promise<void> =>
  withNext(path, text, DEFAULT_MODE, (next) =>
    link(next, path).catch((cause: unknown) => {
      if (!NO_LINKS.has(Reflect.get(Object(cause), "code"))) throw cause;
      return writeFile(path, text, { flag: "wx" });
    }),
  );
