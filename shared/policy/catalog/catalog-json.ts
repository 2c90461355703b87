import * as v from "valibot";
import { PipelineError } from "../../errors.ts";
import { type Catalog, createCatalog } from "./catalog.ts";
import { type CatalogFile, catalogFile } from "./catalog-schema.ts";
import { hashText } from "./hash.ts";
import { type CatalogContent, packCatalog, unpackCatalog } from "./pack.ts";

const MAX_CATALOG_LENGTH = 256 * 1024 * 1024;

/** A catalog from a file, with what tells whether it is older than the one in use. */
export interface DatedCatalog {
  readonly catalog: Catalog;
  readonly compiledAtMs: number;
}

/** Writes a catalog for a function bundle; `version` is over the content alone, so equal policy has one version. */
export const toJson = (content: CatalogContent, compiledAtMs: number): string => {
  const packed = packCatalog(content);
  const file: CatalogFile = {
    format: 1,
    version: hashText(JSON.stringify(packed)),
    compiledAtMs,
    content: packed,
  };
  return JSON.stringify(file);
};

const refuse = (message: string, cause?: unknown): PipelineError =>
  new PipelineError(message, { code: "CATALOG_INVALID", cause });

const parseFile = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refuse("the catalog is not JSON", cause);
  }
};

const contentOf = (value: unknown): unknown =>
  typeof value === "object" && value !== null && "content" in value ? value.content : undefined;

/** Reads what `toJson` wrote. Throws `CATALOG_INVALID` for anything else, a changed byte included. */
export const parseCatalog = (text: string): DatedCatalog => {
  if (text.length > MAX_CATALOG_LENGTH) throw refuse(`the catalog is above ${MAX_CATALOG_LENGTH} characters`);
  const value = parseFile(text);
  const parsed = v.safeParse(catalogFile, value);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw refuse(`the catalog does not fit: ${v.getDotPath(issue) ?? "top level"}: ${issue.message}`);
  }
  const { version, compiledAtMs, content } = parsed.output;
  // Over what was written, in its own order, before anything was left out of it.
  if (hashText(JSON.stringify(contentOf(value))) !== version) {
    throw refuse("the catalog is not what its version says");
  }
  return { catalog: createCatalog(unpackCatalog(content), version), compiledAtMs };
};
