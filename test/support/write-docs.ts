import { readFile, writeFile } from "node:fs/promises";
import { generatedTables } from "./docs-tables.ts";
import { replaceSection } from "./markdown.ts";

for (const { page, name, text } of generatedTables()) {
  const path = new URL(`../../${page}`, import.meta.url);
  await writeFile(path, replaceSection(await readFile(path, "utf8"), name, text));
}
