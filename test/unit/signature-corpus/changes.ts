import type {
  CertificateFields,
  Extension,
} from "../../../functions/local/playground/sigstore/certificate.ts";
import { createCertificateAuthority } from "../../../functions/local/playground/sigstore/certificate-authority.ts";
import { createLocalSigstore } from "../../../functions/local/playground/sigstore/local-sigstore.ts";
import type { InclusionProof, LogEntry } from "../../../functions/local/playground/sigstore/log-entry.ts";
import type { Services } from "../../../functions/local/playground/sigstore/services.ts";
import {
  type TrustedRootContents,
  toTrustedRoot,
} from "../../../functions/local/playground/sigstore/trusted-root.ts";
import type { IdentityRule } from "../../../shared/ports.ts";
import { ALL, type Change, type CorpusCase, type Expected, rule, steps } from "./corpus-case.ts";
import { ISSUER_PATTERN, NOW_MS } from "./world.ts";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export const identities = (...list: readonly IdentityRule[]): Change => rule({ identities: list });
export const subject = (pattern: string): Change => identities({ issuer: ISSUER_PATTERN, subject: pattern });

/** The extension of that number gives way to others, or to none. */
export const replaceExtension = (
  fields: CertificateFields,
  oid: string,
  ...by: readonly Extension[]
): CertificateFields => ({
  ...fields,
  extensions: fields.extensions.flatMap((extension) => (extension.oid === oid ? by : [extension])),
});

export const addExtensions = (
  fields: CertificateFields,
  ...extensions: readonly Extension[]
): CertificateFields => ({ ...fields, extensions: [...fields.extensions, ...extensions] });

/** A certificate that the trusted authority really issued, but that no careful verifier takes. */
export const leafCase = (
  attackClass: number,
  name: string,
  expected: Expected,
  change: (fields: CertificateFields) => CertificateFields,
): CorpusCase => ({ attackClass, name, formats: ALL, expected, attack: steps({ leafFields: change }) });

export const moveValidity =
  (notBeforeMs: number, notAfterMs: number) =>
  (fields: CertificateFields): CertificateFields => ({ ...fields, notBeforeMs, notAfterMs });

/** Another instance whose one service is as given; its root trusts it. */
export const withServices =
  (services: () => Partial<Services>): Change =>
  (_scenario, { sigstore: honest }) => {
    const sigstore = createLocalSigstore({
      nowMs: () => NOW_MS,
      services: { ...honest.services, ...services() },
    });
    return { sigstore, trustedRootJson: sigstore.trustedRootJson };
  };

type AuthorityOptions = Parameters<typeof createCertificateAuthority>[0];

/** Another instance with a certificate authority of its own, which its root trusts. */
export const withAuthority = (
  random: AuthorityOptions["random"],
  options: Omit<AuthorityOptions, "random" | "nowMs">,
): Change =>
  withServices(() => ({ authority: createCertificateAuthority({ random, nowMs: NOW_MS, ...options }) }));

/** The proof in a log's entry, where it has one. */
export const withProof = (entry: LogEntry, change: (proof: InclusionProof) => InclusionProof): LogEntry =>
  entry.inclusionProof === undefined ? entry : { ...entry, inclusionProof: change(entry.inclusionProof) };

/** The same services under a root that says something else of them. */
export const withRoot =
  (change: (contents: TrustedRootContents) => TrustedRootContents): Change =>
  ({ sigstore }) => ({
    trustedRootJson: JSON.stringify(toTrustedRoot(change(sigstore.trustedRootContents))),
  });

/** The same services under a root that has other certificates for each authority. */
export const withChain = (change: (chain: readonly Uint8Array[]) => readonly Uint8Array[]): Change =>
  withRoot((contents) => ({
    ...contents,
    certificateAuthorities: contents.certificateAuthorities.map((each) => ({
      ...each,
      chain: change(each.chain),
    })),
  }));
