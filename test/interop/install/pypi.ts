import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Recipe } from "../recipe.ts";
import { PeerUnavailable, run } from "./command.ts";

/** The package and what of its dependencies is listed, each at one version, in a virtual environment of its own. */
export const installPypi = async (
  { package: name, with: others }: Extract<Recipe, { kind: "pypi" }>,
  version: string,
  folder: string,
): Promise<void> => {
  await run("python3", ["-m", "venv", join(folder, "venv")], { cwd: folder }).catch((cause: unknown) => {
    throw new PeerUnavailable("Python 3 with venv is needed for this peer (Debian: python3-venv)", { cause });
  });
  const requirements = join(folder, "requirements.txt");
  await writeFile(requirements, [`${name}==${version}`, ...others].join("\n"));
  const args = ["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:", "-r", requirements];
  await run(join(folder, "venv/bin/python"), args, { cwd: folder });
};
