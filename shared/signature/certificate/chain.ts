import { encodingOf } from "../encoding/der.ts";
import { type Thread, verifyDeclared } from "../key/keys.ts";
import { refuse } from "../refusal.ts";
import { type Certificate, isValidAt } from "./certificate.ts";
import { type CertificateAuthority, type Issuer, isTrustedAt } from "./certificate-authority.ts";
import { authorityKeyIdOf, subjectKeyIdOf } from "./certificate-constraints.ts";

/** An authority of the trusted root that signed a certificate, with the certificate of its own that did. */
export interface TrustPath {
  readonly authority: CertificateAuthority;
  readonly issuer: Issuer;
}

/** Where a certificate could have come from, by name and key identifier. Names prove nothing; the signature decides. */
export const candidatePaths = (
  certificate: Certificate,
  authorities: readonly CertificateAuthority[],
): readonly TrustPath[] => {
  const keyId = authorityKeyIdOf(certificate);
  return authorities.flatMap((authority) =>
    authority.issuers
      .filter((issuer) => issuer.certificate.subject.equals(certificate.issuer))
      .filter(({ certificate: above }) => {
        const aboveId = subjectKeyIdOf(above);
        return keyId === undefined || aboveId === undefined || keyId.equals(aboveId);
      })
      .map((issuer) => ({ authority, issuer })),
  );
};

export const isSignedBy = (
  certificate: Certificate,
  { issuer }: TrustPath,
  thread?: Thread,
): Promise<boolean> =>
  verifyDeclared(
    issuer.key,
    { algorithm: certificate.signatureAlgorithm },
    encodingOf(certificate.tbs),
    certificate.signature,
    thread,
  );

/** The candidates that really signed the certificate. Throws Refusal when there are none. */
export const signingPaths = async (
  certificate: Certificate,
  candidates: readonly TrustPath[],
  thread?: Thread,
): Promise<readonly TrustPath[]> => {
  const signed = await Promise.all(candidates.map((path) => isSignedBy(certificate, path, thread)));
  const paths = candidates.filter((_, index) => signed[index] === true);
  return paths.length > 0
    ? paths
    : refuse("certificate-untrusted", "no trusted authority signed the certificate");
};

/**
 * Whether certificate and authorities were valid at each of these moments. All must hold: of two times an
 * attacker may have chosen one.
 */
export const checkValidity = (
  certificate: Certificate,
  paths: readonly TrustPath[],
  timesMs: readonly number[],
): void => {
  for (const atMs of timesMs) {
    const trusted = paths.some(({ authority, issuer }) => isTrustedAt(authority, issuer, atMs));
    if (!trusted || !isValidAt(certificate, atMs)) refuse("certificate-expired", `not valid at ${atMs}`);
  }
};
