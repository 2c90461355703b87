import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type CodeBlock, codeBlocks } from "../../support/markdown.ts";

export const ROOT = join(import.meta.dirname, "../../..");

/** What a person reads who runs Sluice, in that order: examples of a page build on those of the pages before it. */
export const GUIDE = [
  "README.md",
  "docs/sources.md",
  "docs/manifests.md",
  "docs/verification.md",
  "docs/decisions.md",
  "docs/delivery.md",
  "docs/operations.md",
  "docs/settings.md",
] as const;

/** The documents that these tests hold against the code. */
export const PAGES = [
  ...GUIDE,
  "ARCHITECTURE.md",
  "docs/codes.md",
  "docs/aws.md",
  "docs/gcp.md",
  "docs/clouds.md",
  "docs/azure.md",
] as const;

export const readPage = (page: string): string => readFileSync(join(ROOT, page), "utf8");

/** The guide's code blocks, in order, each with where it stands. */
export const guideBlocks = (): readonly (CodeBlock & { readonly at: string })[] =>
  GUIDE.flatMap((page) =>
    codeBlocks(readPage(page)).map((block) => ({ ...block, at: `${page}:${block.line}` })),
  );
