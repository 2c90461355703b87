import type { Descriptor } from "../descriptor.ts";
import { isDigest } from "../digest.ts";
import { OrasError } from "../errors.ts";
import { isJsonObject, type JsonObject, parseObject } from "../json.ts";

const stringsOf = (value: unknown): Readonly<Record<string, string>> | undefined => {
  if (!isJsonObject(value)) return undefined;
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
};

/** Reads one descriptor; `undefined` for anything that could not be fetched and checked by digest. */
export const toDescriptor = (value: unknown): Descriptor | undefined => {
  if (!isJsonObject(value)) return undefined;
  const { mediaType, digest, size, artifactType } = value;
  if (typeof mediaType !== "string" || typeof digest !== "string" || !isDigest(digest)) return undefined;
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) return undefined;
  const annotations = stringsOf(value.annotations);
  return {
    mediaType,
    digest,
    size,
    ...(typeof artifactType === "string" ? { artifactType } : {}),
    ...(annotations === undefined ? {} : { annotations }),
  };
};

export interface ParsedIndex {
  /** Everything the index says, for writing it back without losing what we do not know. */
  readonly document: JsonObject;
  readonly entries: readonly unknown[];
  readonly descriptors: readonly Descriptor[];
}

/** Reads an image index. Entries that are no usable descriptor are left out of `descriptors`, not an error. */
export const parseIndex = (
  what: string,
  bytes: Uint8Array,
  code: "RESPONSE_MALFORMED" | "MANIFEST_INVALID",
): ParsedIndex => {
  const document = parseObject(what, bytes, code);
  const entries: unknown = document.manifests ?? [];
  if (!Array.isArray(entries)) throw new OrasError(`${what}: "manifests" is not a list`, { code });
  const descriptors = entries.map(toDescriptor).filter((descriptor) => descriptor !== undefined);
  return { document, entries, descriptors };
};
