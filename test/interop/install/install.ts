import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Peer } from "../recipe.ts";
import { cacheFolder, folderOf, sourceFolder, versionOf } from "./cache.ts";
import { installByCargo } from "./cargo.ts";
import { unpackDebian } from "./debian.ts";
import { buildGoModule, buildGoSource, copyGoFiles, installByGo, requireGo } from "./go.ts";
import { linkSdkComponent } from "./google-sdk.ts";
import { holdLock } from "./lock.ts";
import { copyMavenJars } from "./maven.ts";
import { installByNpm } from "./npm.ts";
import { installPypi } from "./pypi.ts";

const make = (peer: Peer, folder: string): Promise<void> => {
  const { recipe } = peer;
  switch (recipe.kind) {
    case "go-install":
      return installByGo(recipe, peer.version, folder);
    case "go-module":
      return buildGoModule(recipe, peer.version, folder);
    case "go-source":
      return buildGoSource(join(sourceFolder, recipe.folder), recipe.binary, folder);
    case "go-files":
      return copyGoFiles(recipe, peer.version, folder);
    case "npm":
      return installByNpm(recipe, peer.version, folder);
    case "cargo":
      return installByCargo(recipe, peer.version, folder);
    case "maven":
      return copyMavenJars(recipe, peer.version, folder);
    case "pypi":
      return installPypi(recipe, peer.version, folder);
    case "debian":
      return unpackDebian(recipe.package, recipe.pin, folder);
    case "google-sdk":
      return linkSdkComponent(recipe, folder);
  }
};

const UNFINISHED = ".building-";

/** What a killed build left behind; only for the holder of the lock, who knows that nobody builds now. */
const removeUnfinished = async (): Promise<void> => {
  for (const entry of await readdir(cacheFolder())) {
    if (entry.startsWith(UNFINISHED)) await rm(join(cacheFolder(), entry), { recursive: true, force: true });
  }
};

/** Built beside its place and renamed into it: an interrupted build leaves nothing that looks finished. */
const install = async (peer: Peer): Promise<void> => {
  const folder = await mkdtemp(join(cacheFolder(), UNFINISHED));
  try {
    await make(peer, folder);
    await rename(folder, folderOf(peer));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const isInstalled = (peer: Peer): boolean => existsSync(folderOf(peer));

const describePeer = (peer: Peer): string => `${peer.name} ${versionOf(peer)}`;

/** Installs what is missing and says so line by line. Throws `PeerUnavailable` for the first that cannot be had. */
export const installPeers = async (wanted: readonly Peer[], print: (line: string) => void): Promise<void> => {
  const missing = wanted.filter((peer) => !isInstalled(peer));
  for (const peer of wanted.filter(isInstalled)) print(`peer ${describePeer(peer)}: cached`);
  if (missing.length === 0) return;
  await mkdir(cacheFolder(), { recursive: true });
  const release = await holdLock(join(cacheFolder(), ".lock"), () =>
    print("another run is installing peers; waiting for it"),
  );
  try {
    await removeUnfinished();
    if (missing.some((peer) => peer.recipe.kind.startsWith("go-"))) await requireGo(cacheFolder());
    const totalS = missing.reduce((sum, peer) => sum + peer.typicalBuildS, 0);
    print(
      `installing ${missing.length} peers into ${cacheFolder()}; about ${Math.ceil(totalS / 60)} min if cold`,
    );
    for (const peer of missing) await installOne(peer, print);
  } finally {
    release();
  }
};

const installOne = async (peer: Peer, print: (line: string) => void): Promise<void> => {
  if (isInstalled(peer)) return print(`peer ${describePeer(peer)}: installed by another run`);
  print(`peer ${describePeer(peer)}: building (about ${peer.typicalBuildS} s if cold)`);
  const startedMs = Date.now();
  await install(peer);
  print(`peer ${describePeer(peer)}: built in ${((Date.now() - startedMs) / 1_000).toFixed(1)} s`);
};
