import { existsSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder and those it lies in; nothing where it is there. Node's own `recursive` asks for ever, deaf to
 * signals, where the system answers that a folder's parent is missing although it is there, as under /proc.
 */
export const makeFolder = (path: string): void => {
  const missing: string[] = [];
  for (let folder = resolve(path); !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  for (const folder of missing) {
    try {
      mkdirSync(folder);
    } catch (error) {
      // Somebody else was faster, or we may not look at one that is there.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
};
