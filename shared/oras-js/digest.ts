import { createHash, type Hash } from "node:crypto";

/** A digest whose bytes this package can check: `sha256` or `sha512`, hex in lower case. */
export type Digest = `sha256:${string}` | `sha512:${string}`;

const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

export const isDigest = (text: string): text is Digest => DIGEST.test(text);

/** Hash for the algorithm that the digest names. */
export const createHasher = (digest: Digest): Hash =>
  createHash(digest.startsWith("sha512:") ? "sha512" : "sha256");

export const sha256 = (bytes: Uint8Array): Digest =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

export const digestOf = (bytes: Uint8Array, like: Digest): Digest =>
  like.startsWith("sha512:") ? `sha512:${createHash("sha512").update(bytes).digest("hex")}` : sha256(bytes);

/**
 * The referrers tag of the distribution-spec: algorithm and hex joined by `-`, the hex cut at 64 characters
 * because a tag has at most 128.
 */
export const fallbackTagOf = (digest: Digest): string => {
  const [algorithm = "", hex = ""] = digest.split(":");
  return `${algorithm}-${hex.slice(0, 64)}`;
};
