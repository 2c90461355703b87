import { describe, expect, test } from "vitest";
import type { IdentityRule } from "../../../shared/ports.ts";
import { parseCertificate } from "../../../shared/signature/certificate/certificate.ts";
import { claimOf, readIdentity } from "../../../shared/signature/certificate/fulcio-certificate.ts";
import { compileIdentity, compilePattern, requireIdentity } from "../../../shared/signature/identity.ts";
import { IDENTITY, nextArtifact, refusalOf, sign } from "./support.ts";

describe("patterns are Go's", () => {
  // What Go 1.26's regexp.MatchString answers.
  test.each([
    ["github", "https://github.com/acme", true],
    ["^github", "https://github.com/acme", false],
    ["GITHUB", "https://github.com/acme", false],
    ["(?i)GITHUB", "https://github.com/acme", true],
    ["(?i:GIT)hub", "GIThub", true],
    ["\\Ahttps", "https://x", true],
    ["x\\z", "https://x", true],
    ["x$", "x\n", false],
    ["(?m)x$", "x\n", true],
    [".", "\n", false],
    ["(?s).", "\n", true],
    ["[[:alpha:]]+$", "abc", true],
    ["\\Qa.b\\E", "a.b", true],
    ["\\Qa.b\\E", "axb", false],
    ["\\pL", "é", true],
    ["^\\w+$", "é", false],
    ["^.$", "😀", true],
    ["a{2,3}", "aa", true],
    ["(?P<n>a)b", "ab", true],
    ["(?<n>a)b", "ab", true],
    ["", "anything", true],
  ])("%s on %j: %s", (source, text, expected) => {
    expect(compilePattern(source)?.matches(text)).toBe(expected);
  });

  test.each(["(?=a)", "(?!a)", "(?<=a)b", "\\1", "a**", "(", "[", "a{1001}", "\\Z", "*"])(
    "%.20s does not compile",
    (source) => {
      expect(compilePattern(source)).toBeUndefined();
    },
  );

  test("a pattern of absurd length is not even tried", () => {
    expect(compilePattern("x".repeat(5000))).toBeUndefined();
  });

  test("a pattern that makes backtracking engines hang does not", () => {
    expect(compilePattern("^(a+)+$")?.matches(`${"a".repeat(5000)}!`)).toBe(false);
  });
});

describe("an identity", () => {
  const { leaf } = sign(nextArtifact(), { format: "bundle-rekor1" });
  const certificate = parseCertificate(Buffer.from(leaf ?? []));
  const identity = readIdentity(certificate);
  const outcome = (...rules: readonly IdentityRule[]): string =>
    refusalOf(() => requireIdentity(certificate, identity, rules.map(compileIdentity)));
  const own: IdentityRule = {
    issuer: "^https://token\\.actions",
    subject: "^https://github\\.com/acme/app/",
  };
  const other: IdentityRule = { issuer: "^https://token\\.actions", subject: "^https://github\\.com/other/" };

  test("is read from the certificate", () => {
    expect(identity).toEqual({ issuer: IDENTITY.issuer, subject: IDENTITY.subject });
  });

  test.each([
    ["its own", [own], "accepted"],
    ["another", [other], "identity-mismatch"],
    ["one of several", [other, own], "accepted"],
    ["issuer of one and subject of another", [{ ...own, issuer: "^x$" }, other], "identity-mismatch"],
    ["none", [], "identity-mismatch"],
    [
      "a claim that holds",
      [{ ...own, claims: { sourceRepositoryURI: "^https://github\\.com/acme/app$" } }],
      "accepted",
    ],
    [
      "all claims must hold",
      [{ ...own, claims: { runnerEnvironment: "^github-hosted$", buildTrigger: "^pull_request$" } }],
      "claim-mismatch",
    ],
    [
      "an older claim, written raw",
      [{ ...own, claims: { githubWorkflowRepository: "^acme/app$" } }],
      "accepted",
    ],
    [
      "a claim the certificate does not make",
      [{ ...own, claims: { deploymentEnvironment: "." } }],
      "claim-mismatch",
    ],
    ["an unknown claim", [{ ...own, claims: { favouriteColour: "." } }], "rule-claim-unknown"],
    ["a claim named like a method", [{ ...own, claims: { constructor: "." } }], "rule-claim-unknown"],
    ["an empty claim pattern", [{ ...own, claims: { buildTrigger: "" } }], "rule-pattern-empty"],
    ["an empty subject", [{ ...own, subject: "" }], "rule-pattern-empty"],
    ["an invalid pattern after a matching one", [own, { issuer: "(", subject: "." }], "rule-pattern-invalid"],
  ] as const)("%s", (_, rules, expected) => {
    expect(outcome(...(rules as readonly IdentityRule[]))).toBe(expected);
  });

  test("every claim Fulcio makes can be read by name", () => {
    expect(claimOf(certificate, "sourceRepositoryRef")).toBe("refs/tags/v1.4.2");
    expect(claimOf(certificate, "githubWorkflowTrigger")).toBe("push");
    expect(claimOf(certificate, "tokenSubject")).toBe("repo:acme/app:ref:refs/tags/v1.4.2");
    expect(claimOf(certificate, "deploymentEnvironment")).toBeUndefined();
  });
});
