import { describe, expect, test } from "vitest";
import { compileSelector } from "../../../shared/policy/select.ts";
import type { Selector } from "../../../shared/ports.ts";

type PolicyOrder = Extract<Selector, { kind: "image-policy" }>["order"];

const semver = (range: string, rest: Partial<Extract<Selector, { kind: "semver" }>> = {}): Selector => ({
  kind: "semver",
  range,
  dialect: "flux",
  ...rest,
});

const policy = (
  order: PolicyOrder,
  rest: Partial<Extract<Selector, { kind: "image-policy" }>> = {},
): Selector => ({ kind: "image-policy", order, exclusions: [], ...rest });

const ascending: PolicyOrder = { by: "numerical", order: "asc" };
const descending: PolicyOrder = { by: "numerical", order: "desc" };
const alphabetical: PolicyOrder = { by: "alphabetical", order: "asc" };
const filter = (pattern: string, extract?: string) => ({
  filter: extract === undefined ? { pattern } : { pattern, extract },
});

describe("pick", () => {
  test.each<[string, Selector, readonly string[], string]>([
    ["highest in range", semver(">=1.0.0 <2.0.0"), ["1.0.0", "1.9.0", "2.0.0", "latest"], "1.9.0"],
    ["its own spelling", semver("*"), ["v1.2.3", "1.0.0"], "v1.2.3"],
    ["no prerelease unless asked", semver("*"), ["1.0.0", "1.1.0-rc.1"], "1.0.0"],
    ["prerelease when asked", semver("*-0"), ["1.0.0", "1.1.0-rc.1"], "1.1.0-rc.1"],
    [
      "filter on the raw tag, anywhere",
      semver("*-0", { filter: "rc" }),
      ["1.0.0-rc.1", "1.1.0"],
      "1.0.0-rc.1",
    ],
    ["no underscore without a chart", semver("*"), ["1.0.0", "1.1.0_b"], "1.0.0"],
    ["underscore in a chart", semver("*", { dialect: "helm-oci" }), ["1.0.0", "1.1.0_b"], "1.1.0_b"],
    ["a chart's v is invisible to Helm", semver("*", { dialect: "helm" }), ["1.0.0", "v1.1.0"], "1.0.0"],
    ["but not to an OCIRepository", semver("*", { dialect: "helm-oci" }), ["1.0.0", "v1.1.0"], "v1.1.0"],
    ["an exact chart version", semver("v1.0.0", { dialect: "helm" }), ["v1.0.0", "1.1.0"], "v1.0.0"],
    ["with build metadata", semver("1.0.0+b", { dialect: "helm" }), ["1.0.0_b", "1.1.0"], "1.0.0_b"],
    ["any chart", semver("", { dialect: "helm" }), ["1.0.0", "1.1.0"], "1.1.0"],
    ["the tag", { kind: "tag", tag: "stable" }, ["latest", "stable"], "stable"],
    ["alphabetical", policy(alphabetical), ["a", "c", "b"], "c"],
    ["the other way", policy({ by: "alphabetical", order: "desc" }), ["b", "a", "c"], "a"],
    ["numerical", policy(ascending), ["9", "10", "8"], "10"],
    ["hexadecimal floats", policy(ascending), ["9", "0x1p4", "8"], "0x1p4"],
    ["the lowest number", policy(descending), ["9", "10", "8"], "8"],
    [
      "what an extract orders",
      policy(ascending, filter("^main-[a-f]+-(?P<ts>\\d+)$", "$ts")),
      ["main-a-1", "main-b-2", "dev-9"],
      "main-b-2",
    ],
    ["a filter alone", policy(alphabetical, filter("^v")), ["v1", "v2", "z"], "v2"],
    [
      "versions from extracts",
      policy({ by: "semver", range: "*" }, filter("^app-(.*)$", "$1")),
      ["app-1.0.0", "app-1.2.0", "3.0.0"],
      "app-1.2.0",
    ],
    ["not what is excluded", policy(alphabetical, { exclusions: ["\\.sig$"] }), ["a", "z.sig"], "a"],
    ["NaN gives way to what follows", policy(ascending), ["nan", "5"], "5"],
  ])("%s", (_, selector, tags, expected) => {
    const selection = compileSelector(selector).pick(tags);
    expect(selection.kind === "picked" ? selection.tag : selection).toBe(expected);
  });

  test.each<[string, Selector, readonly string[], string]>([
    ["nothing in range", semver(">=2"), ["1.0.0"], "no-match"],
    ["no tags", semver("*"), [], "no-match"],
    ["tag not there", { kind: "tag", tag: "stable" }, ["latest"], "tag-absent"],
    ["exact chart version not there", semver("1.2.3", { dialect: "helm" }), ["1.2.4"], "tag-absent"],
    ["digest", { kind: "digest", digest: `sha256:${"0".repeat(64)}` }, ["1.0.0"], "digest-pinned"],
    ["filter leaves nothing", policy(alphabetical, filter("^v")), ["a"], "no-match"],
  ])("none: %s", (_, selector, tags, reason) => {
    expect(compileSelector(selector).pick(tags)).toEqual({ kind: "none", reason });
  });

  test.each<[string, Selector, readonly string[], string]>([
    ["range", semver("bogus"), ["1.0.0"], "range-invalid"],
    ["filter", semver("*", { filter: "(" }), ["1.0.0"], "filter-invalid"],
    ["lookbehind is no RE2", semver("*", { filter: "(?<=v)1" }), ["1.0.0"], "filter-invalid"],
    ["policy range", policy({ by: "semver", range: "bogus" }), ["1.0.0"], "range-invalid"],
    ["policy filter", policy(alphabetical, filter("[")), ["a"], "filter-invalid"],
    ["exclusion", policy(alphabetical, { exclusions: ["["] }), ["a"], "exclusion-invalid"],
    ["one tag that is no number", policy(ascending), ["1", "2", "x"], "not-a-number"],
    ["one number too large", policy(ascending), ["1", "1e999"], "not-a-number"],
  ])("error: %s", (_, selector, tags, code) => {
    expect(compileSelector(selector).pick(tags)).toMatchObject({ kind: "error", code });
  });

  test("a pattern that would take hours elsewhere takes none here", () => {
    const selector = compileSelector(policy(alphabetical, filter("^(a+)+$")));
    expect(selector.pick([`${"a".repeat(100_000)}!`])).toEqual({ kind: "none", reason: "no-match" });
  });
});

describe("ties", () => {
  const tags = ["1.0.0", "v1.0.0", "1.0.0"];

  test("are reported, and what is taken already stays", () => {
    const selector = compileSelector(semver("*"));
    expect(selector.pick(tags)).toEqual({ kind: "picked", tag: "1.0.0", ties: ["1.0.0", "v1.0.0"] });
    expect(selector.pick(tags, "v1.0.0")).toMatchObject({ tag: "v1.0.0", ties: ["1.0.0", "v1.0.0"] });
    expect(selector.pick(tags, "0.9.0")).toMatchObject({ tag: "1.0.0" });
    expect(selector.pick([...tags, "1.0.1"], "v1.0.0")).toEqual({ kind: "picked", tag: "1.0.1", ties: [] });
  });

  test("the same tag twice is no tie", () => {
    expect(compileSelector(semver("*")).pick(["1.0.0", "1.0.0"])).toMatchObject({ ties: [] });
  });

  // The controller walks its tags in descending order there, so its answer is known.
  test("an image policy without filter has one answer, whatever is taken", () => {
    const order: PolicyOrder = { by: "semver", range: "*" };
    expect(compileSelector(policy(order)).pick(tags, "1.0.0")).toMatchObject({ tag: "v1.0.0" });
    expect(compileSelector(policy(ascending)).pick(["1", "1.0"], "1.0")).toMatchObject({ tag: "1" });
  });

  test("with a filter, what is taken stays", () => {
    const selector = compileSelector(policy({ by: "semver", range: "*" }, filter("")));
    expect(selector.pick(tags, "1.0.0")).toMatchObject({ tag: "1.0.0" });
    expect(selector.pick(tags, "v1.0.0")).toMatchObject({ tag: "v1.0.0" });
  });

  test("of tags with one extract the smallest is taken, as the last one the controller writes", () => {
    const selector = compileSelector(policy(ascending, filter("^\\w+-(\\d+)$", "$1")));
    expect(selector.pick(["b-7", "a-7", "c-7", "a-6"], "c-7")).toEqual({
      kind: "picked",
      tag: "a-7",
      ties: ["b-7", "a-7", "c-7"],
    });
  });
});

describe("accepts and compare", () => {
  test.each<[Selector, string, string | true]>([
    [semver(">=1"), "1.0.0", true],
    [semver(">=1"), "0.9.0", "outside-range"],
    [semver(">=1"), "1.0", "not-a-version"],
    [semver(">=1", { filter: "^v" }), "1.0.0", "filtered-out"],
    [semver("bogus"), "1.0.0", "range-invalid"],
    [{ kind: "tag", tag: "a" }, "b", "other-tag"],
    [{ kind: "digest", digest: `sha256:${"0".repeat(64)}` }, "a", "digest-pinned"],
    [policy(ascending), "1", true],
    [policy(ascending), "x", "not-a-number"],
    [policy(alphabetical, { exclusions: ["sig"] }), "x.sig", "excluded"],
    [policy(alphabetical, filter("^v")), "x", "filtered-out"],
    [policy({ by: "semver", range: ">=1" }), "0.1.0", "outside-range"],
  ])("%j with %s: %s", (selector, tag, expected) => {
    const answer = compileSelector(selector).accepts(tag);
    expect(answer.accepted ? true : answer.reason).toBe(expected);
  });

  test.each<[Selector, string, string, number]>([
    [semver("*"), "1.1.0", "1.0.0", 1],
    [semver("*"), "v1.0.0", "1.0.0", 0],
    [semver("<2"), "2.0.0", "1.0.0", -1],
    [policy(descending), "1", "2", 1],
    [policy(ascending), "x", "2", -1],
    [policy(alphabetical), "b", "a", 1],
    [{ kind: "tag", tag: "a" }, "a", "b", 1],
  ])("%j prefers %s over %s: %i", (selector, a, b, expected) => {
    expect(Math.sign(compileSelector(selector).compare(a, b))).toBe(expected);
    expect(Math.sign(compileSelector(selector).compare(b, a))).toBe(expected === 0 ? 0 : -expected);
  });
});
