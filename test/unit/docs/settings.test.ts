import { describe, expect, test } from "vitest";
import { STORY } from "../../../functions/local/playground/story.ts";
import { parseConfig } from "../../../shared/config.ts";
import { isExactFilter } from "../../../shared/delivery/exact-filter.ts";
import { compileText } from "../policy/compile-text.ts";
import { guideBlocks, readPage } from "./pages.ts";

const README = readPage("README.md");
const blocks = guideBlocks();
const yaml = blocks.filter(({ language }) => language === "yaml");

const indent = (text: string, first: string, rest: string): string =>
  text.replace(/^(?=.)/gm, rest).replace(rest, first);

const CLUSTER = "clusters:\n  - name: production\n    manifests: {folder: ./rendered}\n";

/** Fragments stand where they belong in the smallest file that takes them. */
const WRAP: Readonly<Record<string, (text: string) => string>> = {
  config: (text) => text,
  "file sluice.yaml": (text) => text,
  "config of clusters": (text) => `mode: observe\n${text}`,
  "config of a cluster": (text) => `mode: observe\n${CLUSTER}${indent(text, "    ", "    ")}`,
  "config of sources": (text) => `mode: observe\n${CLUSTER}${text}`,
  "config of a rule": (text) => `mode: observe\n${CLUSTER}rules:\n${indent(text, "  - ", "    ")}`,
};

describe("configuration in the guide", () => {
  const configs = yaml.filter(({ note }) => Object.hasOwn(WRAP, note));

  test.each(configs.map((block) => [block.at, block] as const))("%s is accepted", (_at, block) => {
    const text = WRAP[block.note]?.(block.text) ?? "";
    expect(() => parseConfig(text, { file: "sluice.yaml", baseFolder: "/etc/sluice" })).not.toThrow();
  });

  test("is all looked at", () => {
    expect(configs).toHaveLength(11);
    expect(
      yaml.filter(
        ({ note }) =>
          !Object.hasOwn(WRAP, note) && !/^(?:file rendered\/|workflow step|manifest of )/.test(note),
      ),
    ).toEqual([]);
  });

  test("starts by observing", () => {
    const modes = configs
      .filter(({ note }) => note === "file sluice.yaml")
      .map(({ text }) => /^mode: (\w+)$/m.exec(text)?.[1]);
    expect(modes).toEqual(["observe", "enforce"]);
  });
});

describe("manifests in the README", () => {
  const { subscriptions, receivers, findings } = compileText(
    yaml
      .filter(({ note }) => note.startsWith("file rendered/"))
      .map(({ text }) => text)
      .join("---\n"),
  );

  test("compile without a finding, and every object is reached", () => {
    expect(findings).toEqual([]);
    expect(subscriptions.map(({ id, receivers: reachedBy }) => [id, reachedBy])).toEqual([
      ["prod/ImagePolicy/apps/worker", ["prod/apps/sluice"]],
      ["prod/OCIRepository/apps/shop", ["prod/apps/sluice"]],
    ]);
    expect(receivers).toHaveLength(1);
  });

  test("the Receiver's filter is the one that deliveries are made for", () => {
    const written = /resourceFilter: \|-\n((?: {4}.*\n)+)/.exec(README)?.[1] ?? "";
    expect(isExactFilter(written)).toBe(true);
  });
});

test("the playground's story ends as the README prints it", () => {
  const [printed] = blocks.filter(({ note }) => note === "the playground's story");
  const steps = (printed?.text ?? "").split(/^(?=\([a-z]\) )/m).slice(0, STORY.length);
  expect(steps).toHaveLength(STORY.length);
  for (const [index, { title, expected }] of STORY.entries()) {
    const step = steps[index] ?? "";
    expect(step.split("\n")[0]).toBe(`(${"abcdefgh"[index]}) ${title}`);
    const decisions = [...step.matchAll(/ sluice {4}(\S+: \S+)$/gm)].map(([, decision]) => decision);
    expect(decisions.at(-1)).toBe(`${expected.outcome}: ${expected.reason}`);
    expect(step.includes("accepted the signed webhook")).toBe(expected.outcome === "notify");
  }
});
