import {
  type CertificateFields,
  certificateAlgorithm,
  type Extension,
  encodeTbs,
  type Name,
  signCertificate,
  signTbs,
} from "./certificate.ts";
import {
  authorityKeyIdentifier,
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  PURPOSE,
  sctList,
  subjectKeyIdentifier,
} from "./extensions.ts";
import { createKeyPair, type KeyPair } from "./keys.ts";

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

/** A certificate together with the key it was made for. */
export interface Issuer {
  readonly name: Name;
  readonly key: KeyPair;
  readonly certificate: Uint8Array;
}

/** Root and intermediate on P-384, as the public-good instance has them. */
export interface CertificateAuthority {
  readonly root: Issuer;
  readonly intermediate: Issuer;
  /** Order of a trusted root: issuing certificate first. */
  readonly chain: readonly Uint8Array[];
}

export interface AuthorityOptions {
  readonly random: (bytes: number) => Uint8Array;
  readonly nowMs: number;
  readonly organization?: string;
  readonly purpose?: string;
  readonly distortRoot?: (fields: CertificateFields) => CertificateFields;
  readonly distortIntermediate?: (fields: CertificateFields) => CertificateFields;
}

/** Positive and of full length, so that DER needs no padding byte. */
export const createSerial = (random: (bytes: number) => Uint8Array): Uint8Array => {
  const serial = random(20);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial;
};

const authorityExtensions = (key: KeyPair, pathLength: number): readonly Extension[] => [
  keyUsage(5, 6),
  basicConstraints(true, pathLength),
  subjectKeyIdentifier(key.spki),
];

export const createCertificateAuthority = (options: AuthorityOptions): CertificateAuthority => {
  const { random, nowMs, organization = "sigstore.local", purpose = PURPOSE.codeSigning } = options;
  const validity = { notBeforeMs: nowMs - YEAR_MS, notAfterMs: nowMs + 9 * YEAR_MS };
  const rootKey = createKeyPair("p384");
  const rootName = { organization, commonName: "sigstore" };
  const rootFields: CertificateFields = {
    serial: createSerial(random),
    issuer: rootName,
    subject: rootName,
    ...validity,
    spki: rootKey.spki,
    extensions: authorityExtensions(rootKey, 1),
  };
  const root = signCertificate(options.distortRoot?.(rootFields) ?? rootFields, rootKey);

  const intermediateKey = createKeyPair("p384");
  const intermediateName = { organization, commonName: "sigstore-intermediate" };
  const intermediateFields: CertificateFields = {
    serial: createSerial(random),
    issuer: rootName,
    subject: intermediateName,
    ...validity,
    spki: intermediateKey.spki,
    extensions: [
      ...authorityExtensions(intermediateKey, 0),
      extendedKeyUsage([purpose]),
      authorityKeyIdentifier(rootKey.spki),
    ],
  };
  const intermediate = signCertificate(
    options.distortIntermediate?.(intermediateFields) ?? intermediateFields,
    rootKey,
  );
  return {
    root: { name: rootName, key: rootKey, certificate: root },
    intermediate: { name: intermediateName, key: intermediateKey, certificate: intermediate },
    chain: [intermediate, root],
  };
};

/** Certificate without SCTs: what is submitted to CT logs. */
export const toPrecertificateTbs = (fields: CertificateFields, issuer: Issuer): Uint8Array =>
  encodeTbs(fields, certificateAlgorithm(issuer.key));

/** The final certificate; an empty list of SCTs leaves the extension out. */
export const issueCertificate = (
  fields: CertificateFields,
  issuer: Issuer,
  scts: readonly Uint8Array[],
): Uint8Array => {
  const extensions = scts.length === 0 ? fields.extensions : [...fields.extensions, sctList(scts)];
  return signTbs(encodeTbs({ ...fields, extensions }, certificateAlgorithm(issuer.key)), issuer.key);
};
