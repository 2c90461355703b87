import { readFile } from "node:fs/promises";
import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";

/** A place in a bundle, as V8 writes it into a stack. */
const PLACE = /(file:\/\/[^\s()]+\.m?js):(\d+):(\d+)/g;

const readMap = async (file: string): Promise<SourceMap | undefined> => {
  const text = await readFile(`${fileURLToPath(file)}.map`, "utf8").catch(() => undefined);
  return text === undefined ? undefined : new SourceMap(JSON.parse(text));
};

/** A stack whose places are those of the sources, as far as maps lie beside the bundle. */
export const mapStack = async (stack: string): Promise<string> => {
  const files = new Set([...stack.matchAll(PLACE)].map(([, file = ""]) => file));
  const maps = new Map<string, SourceMap | undefined>();
  for (const file of files) maps.set(file, await readMap(file));
  return stack.replaceAll(PLACE, (place, file: string, line: string, column: string) => {
    const origin = maps.get(file)?.findOrigin(Number(line), Number(column));
    if (origin === undefined || !("fileName" in origin)) return place;
    return `${origin.fileName}:${origin.lineNumber}:${origin.columnNumber}`;
  });
};
