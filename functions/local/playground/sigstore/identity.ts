import type { CertificateFields } from "./certificate.ts";
import { createSerial, type Issuer } from "./certificate-authority.ts";
import {
  authorityKeyIdentifier,
  type Claims,
  claimExtensions,
  derIssuer,
  extendedKeyUsage,
  generalName,
  keyUsage,
  PURPOSE,
  type RawClaims,
  rawClaimExtensions,
  rawIssuer,
  subjectAltName,
  subjectKeyIdentifier,
} from "./extensions.ts";
import type { KeyPair } from "./keys.ts";

/** Who an OIDC issuer said was signing. A subject with `@` and no scheme becomes an email SAN. */
export interface SignerIdentity {
  readonly issuer: string;
  readonly subject: string;
  readonly claims?: Claims;
  readonly rawClaims?: RawClaims;
}

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** Issuer, subject and every claim of a run of `workflow` in `repository`; a called workflow lives elsewhere. */
export const githubIdentity = (run: {
  readonly repository: string;
  readonly ref: string;
  readonly workflow?: string;
  /** `owner/repo/path` of a reusable workflow that signs on behalf of `repository`. */
  readonly calledWorkflow?: string;
  readonly claims?: Claims;
}): SignerIdentity => {
  const { repository, ref, workflow = ".github/workflows/release.yaml" } = run;
  const url = "https://github.com";
  const own = `${url}/${repository}/${workflow}@${ref}`;
  const signer = run.calledWorkflow === undefined ? own : `${url}/${run.calledWorkflow}@${ref}`;
  return {
    issuer: "https://token.actions.githubusercontent.com",
    subject: signer,
    claims: {
      buildSignerURI: signer,
      buildSignerDigest: COMMIT,
      runnerEnvironment: "github-hosted",
      sourceRepositoryURI: `${url}/${repository}`,
      sourceRepositoryDigest: COMMIT,
      sourceRepositoryRef: ref,
      sourceRepositoryIdentifier: "1000001",
      sourceRepositoryOwnerURI: `${url}/${repository.split("/")[0]}`,
      sourceRepositoryOwnerIdentifier: "2000002",
      buildConfigURI: own,
      buildConfigDigest: COMMIT,
      buildTrigger: "push",
      runInvocationURI: `${url}/${repository}/actions/runs/42/attempts/1`,
      sourceRepositoryVisibilityAtSigning: "public",
      tokenSubject: `repo:${repository}:ref:${ref}`,
      ...run.claims,
    },
    rawClaims: { trigger: "push", sha: COMMIT, workflowName: "release", repository, ref },
  };
};

const toSubjectName = (subject: string): Uint8Array =>
  subject.includes("@") && !subject.includes("://") ? generalName.email(subject) : generalName.uri(subject);

const LEAF_LIFETIME_MS = 10 * 60 * 1000;

/** What Fulcio would put into the leaf, before SCTs. */
export const toLeafFields = (request: {
  readonly identity: SignerIdentity;
  readonly key: KeyPair;
  readonly issuer: Issuer;
  readonly atMs: number;
  readonly random: (bytes: number) => Uint8Array;
}): CertificateFields => {
  const { identity, key, issuer, atMs, random } = request;
  const notBeforeMs = Math.floor(atMs / 1000) * 1000;
  return {
    serial: createSerial(random),
    issuer: issuer.name,
    subject: {},
    notBeforeMs,
    notAfterMs: notBeforeMs + LEAF_LIFETIME_MS,
    spki: key.spki,
    extensions: [
      keyUsage(0),
      extendedKeyUsage([PURPOSE.codeSigning]),
      subjectKeyIdentifier(key.spki),
      authorityKeyIdentifier(issuer.key.spki),
      subjectAltName(toSubjectName(identity.subject)),
      rawIssuer(identity.issuer),
      ...rawClaimExtensions(identity.rawClaims ?? {}),
      derIssuer(identity.issuer),
      ...claimExtensions(identity.claims ?? {}),
    ],
  };
};
