import { cp, mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Recipe } from "../recipe.ts";
import { PeerUnavailable, run } from "./command.ts";

const MINIMUM_MINOR = 26;
const BUILD_FLAGS = ["-trimpath", "-ldflags", "-s -w"];

type GoRecipe<Kind extends Recipe["kind"]> = Extract<Recipe, { kind: Kind }>;

/** The same settings everywhere, so that builds share Go's caches and no tool chain is fetched unasked. */
const goEnv = {
  CGO_ENABLED: "0",
  GOTOOLCHAIN: "local",
  GOWORK: "off",
  GOFLAGS: "-buildvcs=false",
};

const go = (cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  run("go", args, { cwd, env: { ...goEnv, ...env } });

/** Says in one line what to install when Go is absent or too old. */
export const requireGo = async (cwd: string): Promise<void> => {
  const wanted = `Go 1.${MINIMUM_MINOR} or newer is needed to build the peers: install it from go.dev/dl`;
  const version = await go(cwd, ["env", "GOVERSION"]).catch((cause: unknown) => {
    throw new PeerUnavailable(wanted, { cause });
  });
  const minor = Number(/^go1\.(\d+)/.exec(version)?.[1]);
  if (!(minor >= MINIMUM_MINOR)) throw new PeerUnavailable(`${wanted} (found ${version.trim()})`);
};

export const installByGo = async (
  { package: path, binary }: GoRecipe<"go-install">,
  version: string,
  folder: string,
): Promise<void> => {
  const bin = join(folder, "bin");
  await mkdir(bin);
  await go(folder, ["install", ...BUILD_FLAGS, `${path}@v${version}`], { GOBIN: bin });
  const built = path.replace(/\/v\d+$/, "").replace(/^.*\//, "");
  if (built !== binary) await rename(join(bin, built), join(bin, binary));
};

/** Each staging folder of Kubernetes is published as a module of its own, one minor version below 1. */
const stagingReplaces = async (cwd: string, module: string, version: string): Promise<readonly string[]> => {
  const download = await go(cwd, ["mod", "download", "-json", `${module}@v${version}`]);
  const { GoMod } = JSON.parse(download) as { GoMod: string };
  const edit = JSON.parse(await go(cwd, ["mod", "edit", "-json", GoMod])) as {
    Replace?: readonly { readonly Old: { readonly Path: string }; readonly New: { readonly Path: string } }[];
  };
  const published = `v0.${version.replace(/^1\./, "")}`;
  return (edit.Replace ?? [])
    .filter(({ New }) => New.Path.startsWith("./staging/"))
    .map(({ Old }) => `${Old.Path}=${Old.Path}@${published}`);
};

/** A copy, because what Go keeps of a module is read-only, and shared with every other build. */
const withGenerated = async (
  work: string,
  module: string,
  version: string,
  generated: Readonly<Record<string, string>>,
): Promise<readonly string[]> => {
  const download = await go(work, ["mod", "download", "-json", `${module}@v${version}`]);
  const { Dir } = JSON.parse(download) as { Dir: string };
  const copy = join(work, "complete");
  await cp(Dir, copy, { recursive: true });
  await run("chmod", ["-R", "u+w", copy], { cwd: work });
  for (const [path, content] of Object.entries(generated)) {
    await mkdir(dirname(join(copy, path)), { recursive: true });
    await writeFile(join(copy, path), content);
  }
  return [`${module}=${copy}`];
};

export const buildGoModule = async (
  recipe: GoRecipe<"go-module">,
  version: string,
  folder: string,
): Promise<void> => {
  const work = join(folder, "module");
  await mkdir(work);
  await go(work, ["mod", "init", "sluice.test/peer"]);
  const replaces = [
    ...Object.entries(recipe.replace ?? {}).map(([from, to]) => `${from}=${to}`),
    ...(recipe.publishedStaging ? await stagingReplaces(work, recipe.module, version) : []),
    ...(recipe.generated ? await withGenerated(work, recipe.module, version, recipe.generated) : []),
  ];
  if (replaces.length > 0) await go(work, ["mod", "edit", ...replaces.map((entry) => `-replace=${entry}`)]);
  const packages = Object.values(recipe.tools);
  await go(work, ["get", "-tool", ...packages.map((path) => `${path}@v${version}`)]);
  for (const [binary, path] of Object.entries(recipe.tools)) {
    await go(work, ["build", ...BUILD_FLAGS, "-o", join(folder, "bin", binary), path]);
  }
};

export const buildGoSource = async (source: string, binary: string, folder: string): Promise<void> => {
  const work = join(folder, "source");
  await cp(source, work, { recursive: true });
  await go(work, ["build", ...BUILD_FLAGS, "-o", join(folder, "bin", binary), "."]);
};

export const copyGoFiles = async (
  recipe: GoRecipe<"go-files">,
  version: string,
  folder: string,
): Promise<void> => {
  const download = await go(folder, ["mod", "download", "-json", `${recipe.module}@v${version}`]);
  const { Dir } = JSON.parse(download) as { Dir: string };
  await cp(join(Dir, recipe.folder), join(folder, "files"), { recursive: true });
};
