import { readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../../..");

/** The documents that these tests hold against the code. */
export const PAGES = [
  "README.md",
  "ARCHITECTURE.md",
  "docs/codes.md",
  "docs/aws.md",
  "docs/gcp.md",
  "docs/clouds.md",
  "docs/azure.md",
] as const;

export const readPage = (page: string): string => readFileSync(join(ROOT, page), "utf8");
