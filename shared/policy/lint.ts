import type { RepositoryName } from "../artifact/repository.ts";
import type { IdentityRule, Subscription } from "../ports.ts";
import { type Finding, type Subject, toFinding } from "./finding.ts";
import { type Complaint, lintPattern, quotePattern } from "./lint-pattern.ts";
import { whyUnmatched } from "./lint-unmatched.ts";

/** Claims that say whose workflow called a reusable one. */
const CALLER_CLAIM = /^sourceRepository/;
/** `github.com/<owner>/<repository>/.github/workflows/`, with or without escapes, the repository spelt out. */
const WORKFLOW = /github\\?\.com\\?\/[^/]+\/((?:[\w-]|\\?\.)+)\\?\/\\?\.github\\?\/workflows/;
/** What repositories of shared workflows tend to be called. */
const SHARED_NAME = /workflow|actions|reusable|shared|^\.github$|^ci$/i;

/**
 * A workflow that others may call signs under its own name, whoever called it. It is taken for one when it lives
 * in another repository than the artifact, or, without an artifact to compare with, by its repository's name.
 */
const lintReusable = (
  { subject, claims }: IdentityRule,
  repository: RepositoryName | undefined,
): readonly Complaint[] => {
  if (Object.keys(claims ?? {}).some((name) => CALLER_CLAIM.test(name))) return [];
  const workflowHome = WORKFLOW.exec(subject)?.[1]?.replaceAll("\\", "").toLowerCase();
  if (workflowHome === undefined) return [];
  const own = repository?.repository.split("/").some((part) => part === workflowHome);
  if (own ?? !SHARED_NAME.test(workflowHome)) return [];
  const message = `subject ${quotePattern(subject)} names a workflow that other repositories may call: match sourceRepositoryURI too`;
  return [["pattern-reusable-workflow", message]];
};

const lintUnmatched = (identity: IdentityRule): readonly Complaint[] => {
  const why = whyUnmatched(identity);
  return why === undefined ? [] : [["pattern-never-matches", `${why}: no signature can satisfy the rule`]];
};

/** What is risky or hopeless about one identity rule; pure, so that manifests and sluice.yaml are judged alike. */
export const lintIdentity = (
  identity: IdentityRule,
  subject: Subject = {},
  repository?: RepositoryName,
): readonly Finding[] =>
  [
    ...lintPattern("issuer", identity.issuer),
    ...lintPattern("subject", identity.subject),
    ...Object.entries(identity.claims ?? {}).flatMap(([name, pattern]) => lintPattern(name, pattern)),
    ...lintUnmatched(identity),
    ...lintReusable(identity, repository),
  ].map(([code, message]) => toFinding(code, message, subject));

/** The identities of all objects, each with the object it stands in. */
export const lintSubscriptions = (subscriptions: Iterable<Subscription>): readonly Finding[] => {
  const findings: Finding[] = [];
  for (const { cluster, object, rules, repository } of subscriptions) {
    for (const { identities } of rules) {
      for (const identity of identities) {
        findings.push(...lintIdentity(identity, { cluster, object }, repository));
      }
    }
  }
  return findings;
};
