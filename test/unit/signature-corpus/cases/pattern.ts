import { identities, subject } from "../changes.ts";
import { ALL, all, type Change, type CorpusCase, type Expected, SIGNED_TIME } from "../corpus-case.ts";
import { IDENTITY, ISSUER_PATTERN, SUBJECT_PATTERN } from "../world.ts";

const signedBy =
  (signer: string, issuer = IDENTITY.issuer): Change =>
  ({ request: honest }) => ({ request: { ...honest, identity: { issuer, subject: signer } } });

interface PatternCase {
  readonly attackClass: number;
  readonly name: string;
  readonly pattern: string;
  readonly signer: string;
  readonly expected: Expected;
}

const WORKFLOW = ".github/workflows/release.yaml@refs/tags/v1";

/** Patterns mean what Go's `regexp.MatchString` says: unanchored, case-sensitive, RE2. */
const patterns: readonly PatternCase[] = [
  {
    attackClass: 12,
    name: "unanchored pattern lets a longer organisation in (Go's semantics; lint warns)",
    pattern: "https://github.com/acme",
    signer: `https://github.com/acme-evil/app/${WORKFLOW}`,
    expected: "verified",
  },
  {
    attackClass: 12,
    name: "unescaped dots match any character (Go's semantics; lint warns)",
    pattern: "^https://github.com/acme/",
    signer: `https://githubxcom/acme/app/${WORKFLOW}`,
    expected: "verified",
  },
  {
    attackClass: 12,
    name: "unanchored pattern found in the path of another host (Go's semantics; lint warns)",
    pattern: "https://github\\.com/acme/",
    signer: `https://evil.example/https://github.com/acme/app/${WORKFLOW}`,
    expected: "verified",
  },
  {
    attackClass: 12,
    name: "anchored pattern keeps a longer organisation out",
    pattern: "^https://github\\.com/acme/",
    signer: `https://github.com/acme-evil/app/${WORKFLOW}`,
    expected: "identity-mismatch",
  },
  {
    attackClass: 12,
    name: "escaped dots match dots",
    pattern: "^https://github\\.com/acme/",
    signer: `https://githubxcom/acme/app/${WORKFLOW}`,
    expected: "identity-mismatch",
  },
  {
    attackClass: 12,
    name: "anchored pattern is not looked for in a path",
    pattern: "^https://github\\.com/acme/",
    signer: `https://evil.example/https://github.com/acme/app/${WORKFLOW}`,
    expected: "identity-mismatch",
  },
  {
    attackClass: 16,
    name: "case of the organisation counts",
    pattern: "^https://github\\.com/acme/app/",
    signer: `https://github.com/ACME/app/${WORKFLOW}`,
    expected: "identity-mismatch",
  },
  {
    attackClass: 16,
    name: "percent escapes are not decoded",
    pattern: "^https://github\\.com/acme/app/",
    signer: `https://github.com/acme%2Fapp/${WORKFLOW}`,
    expected: "identity-mismatch",
  },
  {
    attackClass: 16,
    name: "`^` and `$` mean the text's ends, not a line's",
    pattern: "^https://github\\.com/acme/app/x$",
    signer: "https://evil.example/\nhttps://github.com/acme/app/x\n",
    expected: "certificate-name",
  },
  {
    attackClass: 16,
    name: "a dot does not match a line break",
    pattern: "^https://github\\.com/acme/.*$",
    signer: "https://github.com/acme/app\nx",
    expected: "certificate-name",
  },
  {
    attackClass: 16,
    name: "dot segments are not resolved",
    pattern: "^https://github\\.com/acme/app/",
    signer: `https://github.com/evil/../acme/app/${WORKFLOW}`,
    expected: "identity-mismatch",
  },
  {
    attackClass: 13,
    name: "subject that the pattern does not match",
    pattern: "^https://github\\.com/acme/other/",
    signer: IDENTITY.subject,
    expected: "identity-mismatch",
  },
  {
    attackClass: 13,
    name: "Go syntax: case folding flag, \\A, \\z, POSIX classes and \\Q…\\E work",
    pattern: "(?i)\\Ahttps://\\Qgithub.com\\E/[[:alpha:]]+/APP/.*\\z",
    signer: IDENTITY.subject,
    expected: "verified",
  },
];

const toPatternCase = ({ attackClass, name, pattern, signer, expected }: PatternCase): CorpusCase => ({
  attackClass,
  name,
  formats: SIGNED_TIME,
  expected,
  attack: all(subject(pattern), signedBy(signer)),
});

const EVIL = "https://evil.example/oidc";

export const patternCases: readonly CorpusCase[] = [
  ...patterns.map(toPatternCase),
  {
    attackClass: 13,
    name: "issuer that the pattern does not match",
    formats: ALL,
    expected: "identity-mismatch",
    attack: signedBy(IDENTITY.subject, EVIL),
  },
  {
    attackClass: 13,
    name: "subject of one entry with the issuer of another",
    formats: ALL,
    expected: "identity-mismatch",
    attack: identities(
      { issuer: ISSUER_PATTERN, subject: "^nobody$" },
      { issuer: "^nobody$", subject: SUBJECT_PATTERN },
    ),
  },
  {
    attackClass: 13,
    name: "second of two identities matches",
    formats: ALL,
    expected: "verified",
    attack: identities(
      { issuer: "^nobody$", subject: "^nobody$" },
      { issuer: ISSUER_PATTERN, subject: SUBJECT_PATTERN },
    ),
  },
];
