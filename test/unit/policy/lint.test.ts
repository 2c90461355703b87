import { describe, expect, test } from "vitest";
import { lintIdentity, lintSubscriptions } from "../../../shared/policy/lint.ts";
import { lintPattern } from "../../../shared/policy/lint-pattern.ts";
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
    expect(lintPattern("issuer", issuer).map(([code]) => code)).toEqual(expected);
    const url = "^https://me$";
    expect(codes(url, issuer)).toEqual(expected);
    expect(codes(url, "^me$", { sourceRepositoryRef: issuer })).toEqual(expected);
  });
});

describe("rules that no certificate can match", () => {
  const HOPELESS = ["pattern-never-matches"];
  const GOOGLE = "^https://accounts\\.google\\.com$";
  const workflow = "^https://github\\.com/acme/app/\\.github/workflows/release\\.yml";

  test.each<[string, string, string]>([
    ["an issuer without its scheme", "^token\\.actions\\.githubusercontent\\.com$", OWN],
    ["an issuer with a slash too many", ISSUER.replace("$", "/$"), OWN],
    ["each branch of an issuer", "^accounts\\.google\\.com$|^gitlab\\.com$", "^a$"],
    ["an issuer's scheme alone", "^https:$", "^a$"],
    ["text behind the end", GOOGLE, "^ci@acme\\.example$/x$"],
    ["text before the beginning", GOOGLE, "^a^ci@acme\\.example$"],
    ["GitHub's claim for its certificate's subject", ISSUER, "^repo:acme/app:ref:refs/heads/main$"],
    ["GitHub's repository for its workflow", ISSUER, "^acme/app$"],
    ["a workflow without its ref", ISSUER, `${workflow}$`],
    ["a workflow somewhere, without its ref", ISSUER, "^https://github\\.com/acme/.*\\.yaml$"],
  ])("%s", (_, issuer, subject) => {
    expect(codes(issuer, subject).filter((code) => HOPELESS.includes(code))).toEqual(HOPELESS);
  });

  test.each<[string, string, string]>([
    ["a careful rule", ISSUER, OWN],
    ["one branch that could", `^x$|${ISSUER}`, OWN],
    ["an issuer that begins with anything", "^.*\\.githubusercontent\\.com$", OWN],
    ["an issuer with a group", "^(https://accounts\\.google\\.com)$", "^a$"],
    ["an optional letter", "^https?://idp\\.example$", "^a$"],
    ["a slash that another issuer has", "^https://acme\\.eu\\.auth0\\.com/$", "^a$"],
    ["an enterprise of GitHub's", ISSUER.replace("$", "/acme$"), OWN],
    ["a mail address elsewhere", GOOGLE, "^ci@acme\\.example$"],
    ["a claim elsewhere", "^https://gitlab\\.com$", "^project_path:acme/app:ref_type:branch$"],
    ["any ref", ISSUER, `${workflow}@.*$`],
    ["an optional end", ISSUER, `${workflow}(@.+)?$`],
    ["a ref by any character", ISSUER, `${workflow}.refs/tags/v1$`],
    ["no anchors", ISSUER, "release\\.yml"],
    ["flags", "(?i)^TOKEN$", OWN],
    ["anchors of branches in a group", GOOGLE, "(^a@b$|^c@d$)"],
    ["an escaped dollar", GOOGLE, "^a\\$b$"],
  ])("but not %s", (_, issuer, subject) => {
    expect(codes(issuer, subject)).not.toContain("pattern-never-matches");
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
