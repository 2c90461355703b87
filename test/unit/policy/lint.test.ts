import { describe, expect, test } from "vitest";
import { lintIdentity, lintSubscriptions } from "../../../shared/policy/lint.ts";
import { compileText, ociRepository } from "./compile-text.ts";

const ISSUER = "^https://token\\.actions\\.githubusercontent\\.com$";
const OWN = "^https://github\\.com/acme/app/\\.github/workflows/release\\.yml@refs/tags/v.*$";
const REPOSITORY = { registry: "ghcr.io", repository: "acme/app" };

const codes = (
  issuer: string,
  subject: string,
  claims?: Readonly<Record<string, string>>,
): readonly string[] => {
  const identity = claims === undefined ? { issuer, subject } : { issuer, subject, claims };
  return lintIdentity(identity, {}, REPOSITORY).map(({ code }) => code);
};

describe("patterns", () => {
  test("a careful rule gets no complaint", () => {
    expect(codes(ISSUER, OWN)).toEqual([]);
  });

  test.each<[string, string, readonly string[]]>([
    ["not anchored", "https://accounts\\.google\\.com", ["pattern-unanchored"]],
    ["no end", "^https://accounts\\.google\\.com", ["pattern-unanchored"]],
    ["no start", "https://accounts\\.google\\.com$", ["pattern-unanchored"]],
    ["an escaped dollar is no end", "^a\\$", ["pattern-unanchored"]],
    ["an escaped backslash before the dollar is", "^a\\\\$", []],
    ["a branch each", "^a$|b$", ["pattern-unanchored"]],
    ["branches in a group", "^(a|b)$", []],
    ["branches in a class", "^[a|b]$", []],
    ["both branches", "^a$|^b$", []],
    ["other anchors", "\\Aa\\z", []],
    ["behind flags", "(?i)^a$", []],
    ["a loose dot", "^https://accounts.google\\.com$", ["pattern-dot"]],
    ["a dot in a class", "^a[.]b$", []],
    ["a repeated dot", "^a.*b.+$", []],
    ["a quoted dot", "^\\Qa.b\\E$", []],
    ["anything", ".*", ["pattern-matches-all"]],
    ["anything at all", "^.*$", ["pattern-matches-all"]],
    ["anything or nothing", "a|", ["pattern-matches-all"]],
    ["nothing", "", ["verify-empty-pattern"]],
    ["no pattern", "(", ["verify-pattern-invalid"]],
    ["what RE2 cannot", "^(?=a)a$", ["verify-pattern-invalid"]],
  ])("%s: %s", (_, issuer, expected) => {
    expect(codes(issuer, "^me$")).toEqual(expected);
    expect(codes("^me$", issuer)).toEqual(expected);
    expect(codes("^me$", "^me$", { sourceRepositoryRef: issuer })).toEqual(expected);
  });
});

describe("reusable workflows", () => {
  const shared = "^https://github\\.com/acme/pipelines/\\.github/workflows/release\\.yml@refs/tags/v.*$";

  test("in another repository than the artifact's are pinned to no caller", () => {
    expect(codes(ISSUER, shared)).toEqual(["pattern-reusable-workflow"]);
  });

  test("are pinned by a claim on the caller", () => {
    expect(codes(ISSUER, shared, { sourceRepositoryURI: "^https://github\\.com/acme/app$" })).toEqual([]);
  });

  test("without an artifact to compare with, the name tells", () => {
    const judge = (subject: string) => lintIdentity({ issuer: ISSUER, subject }).map(({ code }) => code);
    expect(judge(OWN)).toEqual([]);
    expect(judge(shared.replace("pipelines", "shared-workflows"))).toEqual(["pattern-reusable-workflow"]);
  });
});

test("the identities of objects are linted with the object they stand in", () => {
  const verify = "verify: {matchOIDCIdentity: [{issuer: 'https://x', subject: ^y$}]}";
  expect(lintSubscriptions(compileText(ociRepository(verify)).subscriptions)).toMatchObject([
    { code: "pattern-unanchored", cluster: "prod", object: { kind: "OCIRepository", name: "app" } },
  ]);
});
