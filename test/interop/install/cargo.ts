import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Recipe } from "../recipe.ts";
import { PeerUnavailable, run } from "./command.ts";

/** Builds a crate's programs into `<folder>/bin`, with the dependencies that its author locked. */
export const installByCargo = async (
  { crate, binary, features }: Extract<Recipe, { kind: "cargo" }>,
  version: string,
  folder: string,
): Promise<void> => {
  await run("cargo", ["--version"], { cwd: folder }).catch((cause: unknown) => {
    throw new PeerUnavailable("Rust 1.88 or newer with cargo is needed for this peer (rustup.rs)", { cause });
  });
  const built = join(folder, "built");
  const what = [crate, "--version", `=${version}`, "--no-default-features", "--features", features.join(",")];
  await run("cargo", ["install", "--locked", "--quiet", ...what, "--root", folder, "--target-dir", built], {
    cwd: folder,
  });
  await rm(built, { recursive: true });
  // Cargo calls it a success when the features leave no program to build.
  if (!existsSync(join(folder, "bin", binary))) {
    throw new PeerUnavailable(`${crate} ${version} with ${features.join(",")} has no program ${binary}`);
  }
};
