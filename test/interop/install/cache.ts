import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type PeerName, peers } from "../peers.ts";
import type { Peer } from "../recipe.ts";

export const sourceFolder = join(import.meta.dirname, "../go");

/** Where peers live between runs. */
export const cacheFolder = (): string =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "sluice", "peers");

/** Our own programs are versioned by what is in them. */
const sourceVersion = (folder: string): string => {
  const hash = createHash("sha256");
  for (const file of readdirSync(folder).sort()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(folder, file)))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 12);
};

export const versionOf = (peer: Peer): string =>
  peer.recipe.kind === "go-source" ? sourceVersion(join(sourceFolder, peer.recipe.folder)) : peer.version;

export const folderOf = (peer: Peer): string => join(cacheFolder(), `${peer.name}-${versionOf(peer)}`);

const peerNamed = (name: PeerName): Peer => {
  const peer = peers.find((entry) => entry.name === name);
  if (peer === undefined) throw new Error(`no peer is called ${name}`);
  return peer;
};

/** The program of a peer; `binary` where the peer has several or calls it otherwise. */
export const peerBinary = (name: PeerName, binary: string = name): string => {
  const peer = peerNamed(name);
  if (peer.recipe.kind === "google-sdk") return join(folderOf(peer), "component", peer.recipe.launcher);
  return peer.recipe.kind === "debian"
    ? join(folderOf(peer), "root/usr/bin", binary)
    : join(folderOf(peer), "bin", binary);
};

/** A package that was installed by npm: its own folder. */
export const peerPackage = (name: PeerName): string => {
  const peer = peerNamed(name);
  if (peer.recipe.kind !== "npm") throw new Error(`${name} is no npm package`);
  return join(folderOf(peer), "node_modules", peer.recipe.package);
};

/** Java's class path of a peer. */
export const peerJars = (name: PeerName): string => join(folderOf(peerNamed(name)), "lib", "*");

/** Python of a peer's virtual environment. */
export const peerPython = (name: PeerName): string => join(folderOf(peerNamed(name)), "venv/bin/python");

/** The folder of a peer that is files alone. */
export const peerFiles = (name: PeerName): string => join(folderOf(peerNamed(name)), "files");
