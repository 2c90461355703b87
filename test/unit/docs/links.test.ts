import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import manifest from "../../../package.json" with { type: "json" };
import { proseOf } from "../../support/markdown.ts";
import { PAGES, ROOT, readPage } from "./pages.ts";

const toAnchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

const anchorsOf = (page: string): readonly string[] =>
  [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => toAnchor(heading ?? ""));

/** Code spans that name a file or folder of this repository; `*` stands for several. */
const namedPaths = (page: string): readonly string[] =>
  [...proseOf(page).matchAll(/`((?:shared|functions|test|infra|docs|\.ci)\/[\w./*@-]*)`/g)].map(
    ([, path]) => path ?? "",
  );

const NOT_OURS: Readonly<Record<string, RegExp>> = {
  "paths of a machine": /(?:^|[\s"'`(=:])\/(?:work|tmp|root|home|Users)\//m,
  "package registries": /registry\.npmjs\.org|npmjs\.com|proxy\.golang\.org/,
  "how work is handed out": /\bagents?\b|\bissue \d|(?<!\()#\d{1,4}\b|\bpart \d of \d|\bcopilot\b/i,
};

describe.each(PAGES)("%s", (name) => {
  const page = readPage(name);

  test("links lead somewhere", () => {
    for (const [, target = ""] of proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = "", anchor] = target.split("#", 2);
      const file = path === "" ? join(ROOT, name) : join(ROOT, dirname(name), path);
      expect(existsSync(file), target).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(readFileSync(file, "utf8")), target).toContain(anchor);
    }
  });

  test("files that it names are there", () => {
    const absent = namedPaths(page).filter((path) => globSync(path, { cwd: ROOT }).length === 0);
    expect(absent).toEqual([]);
  });

  test("scripts that it names are there", () => {
    const named = [...page.matchAll(/\bnpm run ([a-z:]+)/g)].map(([, script]) => script ?? "");
    expect(named.filter((script) => !Object.hasOwn(manifest.scripts, script))).toEqual([]);
  });

  test.each(Object.entries(NOT_OURS))("says nothing of %s", (_what, pattern) => {
    expect(pattern.exec(page)?.[0]).toBeUndefined();
  });
});

test("ARCHITECTURE.md begins with its contents, in order", () => {
  const page = readPage("ARCHITECTURE.md");
  const sections = [...proseOf(page).matchAll(/^## (.+)$/gm)].map(([, heading = ""]) => heading);
  const listed = [...page.matchAll(/^\| \[([^\]]+)\]\(#([^)]+)\) \|/gm)].map(([, heading, anchor]) => [
    heading,
    anchor,
  ]);
  expect(listed).toEqual(sections.map((heading) => [heading, toAnchor(heading)]));
});

test("every script of package.json is in the README", () => {
  const page = readPage("README.md");
  const shorthand = ["start", "test"];
  for (const script of Object.keys(manifest.scripts)) {
    const command = shorthand.includes(script) ? `npm ${script}` : `npm run ${script}`;
    expect(page).toContain(`\`${command}`);
  }
});

test("the licence is the one that package.json names", () => {
  expect(readPage("README.md")).toContain(`[${manifest.license}](LICENSE)`);
});
