import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Recipe } from "../recipe.ts";
import { run } from "./command.ts";

/** Install scripts stay off: a peer that needs one would run code that nobody looked at. */
const OPTIONS = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];

/** Installs into `<folder>/node_modules`; nothing newer than the recipe's day gets in. */
export const installByNpm = async (
  { package: name, asOf }: Extract<Recipe, { kind: "npm" }>,
  version: string,
  folder: string,
): Promise<void> => {
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "peer", private: true }));
  await run("npm", ["install", `${name}@${version}`, `--before=${asOf}`, ...OPTIONS], { cwd: folder });
};
