import { type CertificateFields, encodeName, signCertificate } from "./certificate.ts";
import { createCertificateAuthority, createSerial, type Issuer } from "./certificate-authority.ts";
import {
  boolean,
  concat,
  context,
  generalizedTime,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  setOf,
  tlv,
  x509Time,
} from "./der.ts";
import {
  authorityKeyIdentifier,
  extendedKeyUsage,
  keyUsage,
  PURPOSE,
  subjectKeyIdentifier,
} from "./extensions.ts";
import { createKeyPair, type HashName, hashOf, type KeyPair, signatureAlgorithm } from "./keys.ts";

const OID = {
  signedData: "1.2.840.113549.1.7.2",
  tstInfo: "1.2.840.113549.1.9.16.1.4",
  contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4",
  signingTime: "1.2.840.113549.1.9.5",
  signingCertificateV2: "1.2.840.113549.1.9.16.2.47",
  policy: "1.3.6.1.4.1.57264.2",
} as const;

const HASH_OID = {
  sha256: "2.16.840.1.101.3.4.2.1",
  sha384: "2.16.840.1.101.3.4.2.2",
  sha512: "2.16.840.1.101.3.4.2.3",
} as const;

const hashAlgorithm = (hash: HashName): Uint8Array => sequence(oid(HASH_OID[hash]), nullValue());

/** Everything a token says and how it is signed; tests change any of it. */
export interface TokenFields {
  readonly imprint: Uint8Array;
  readonly imprintHash: HashName;
  readonly genTimeMs: number;
  readonly serial: Uint8Array;
  /** Who signs; `signerInfo` names this certificate by issuer and serial. */
  readonly signer: TimestampSigner;
  readonly signerHash: HashName;
  /** The CMS certificate bag, in this order. */
  readonly certificates: readonly Uint8Array[];
  /** PKIStatus: 0 is granted. */
  readonly status: number;
  readonly distortions?: TokenDistortions;
}

/** What is wrong with the token's structure; what the signature covers is made from the result unless noted. */
export interface TokenDistortions {
  /** Members of TSTInfo. */
  readonly info?: (honest: readonly Uint8Array[]) => readonly Uint8Array[];
  /** The TSTInfo that is carried, after another one was signed. */
  readonly carriedInfo?: (signed: Uint8Array) => Uint8Array;
  readonly contentType?: string;
  /** Signed attributes, before they are signed. */
  readonly attributes?: (honest: readonly Uint8Array[]) => readonly Uint8Array[];
  /** Whom the signer info names, in place of the certificate that signs. */
  readonly named?: CertificateFields;
  readonly signerInfos?: (honest: Uint8Array) => readonly Uint8Array[];
  /** Members of the TimeStampResp. */
  readonly response?: (honest: readonly Uint8Array[]) => readonly Uint8Array[];
  readonly messageType?: string;
}

export interface TimestampSigner {
  readonly certificate: Uint8Array;
  readonly fields: CertificateFields;
  readonly key: KeyPair;
}

export interface TimestampAuthority {
  readonly signer: TimestampSigner;
  readonly root: Issuer;
  /** Order of a trusted root: signing certificate first. */
  readonly chain: readonly Uint8Array[];
  /** Fields of a token over `data` (for Sigstore: a raw signature). */
  request(data: Uint8Array, atMs: number): TokenFields;
  /** DER TimeStampResp. */
  stamp(data: Uint8Array, atMs: number): Uint8Array;
}

const encodeTstInfo = ({ imprint, imprintHash, genTimeMs, serial, distortions }: TokenFields): Uint8Array => {
  const members = [
    integer(1n),
    oid(OID.policy),
    sequence(hashAlgorithm(imprintHash), octetString(imprint)),
    integer(serial),
    generalizedTime(genTimeMs),
    sequence(integer(1n)),
    boolean(false),
  ];
  return sequence(...(distortions?.info?.(members) ?? members));
};

export const signedAttribute = (type: string, value: Uint8Array): Uint8Array =>
  sequence(oid(type), setOf(value));

const encodeSignerInfo = (token: TokenFields, tstInfo: Uint8Array): Uint8Array => {
  const { signer, signerHash, distortions = {} } = token;
  const { named = signer.fields } = distortions;
  const honest = [
    signedAttribute(OID.contentType, oid(OID.tstInfo)),
    signedAttribute(OID.signingTime, x509Time(token.genTimeMs)),
    signedAttribute(OID.messageDigest, octetString(hashOf(tstInfo, signerHash))),
    signedAttribute(
      OID.signingCertificateV2,
      sequence(sequence(sequence(octetString(hashOf(signer.certificate))))),
    ),
  ];
  const attributes = setOf(...(distortions.attributes?.(honest) ?? honest));
  return sequence(
    integer(1n),
    sequence(encodeName(named.issuer), integer(named.serial)),
    hashAlgorithm(signerHash),
    // RFC 5652 §5.4: signed as SET OF, carried as [0] IMPLICIT.
    concat(Uint8Array.of(0xa0), attributes.subarray(1)),
    signatureAlgorithm(signer.key, signerHash),
    octetString(signer.key.sign(attributes, signerHash)),
  );
};

export const encodeTimestamp = (token: TokenFields): Uint8Array => {
  const { distortions = {}, certificates, signerHash, status } = token;
  const { contentType = OID.tstInfo, messageType = OID.signedData } = distortions;
  const signed = encodeTstInfo(token);
  const carried = distortions.carriedInfo?.(signed) ?? signed;
  const signerInfo = encodeSignerInfo(token, signed);
  const signedData = sequence(
    integer(3n),
    setOf(hashAlgorithm(signerHash)),
    sequence(oid(contentType), context(0, octetString(carried))),
    ...(certificates.length === 0 ? [] : [tlv(0xa0, ...certificates)]),
    setOf(...(distortions.signerInfos?.(signerInfo) ?? [signerInfo])),
  );
  const members = [sequence(integer(BigInt(status))), sequence(oid(messageType), context(0, signedData))];
  return sequence(...(distortions.response?.(members) ?? members));
};

/** A signing certificate under `issuer`; tests distort its fields (purpose, validity). */
export const createTimestampSigner = (
  issuer: Issuer,
  { random, notBeforeMs, notAfterMs }: SignerOptions,
  distort: (fields: CertificateFields) => CertificateFields = (fields) => fields,
): TimestampSigner => {
  const key = createKeyPair("p384");
  const fields = distort({
    serial: createSerial(random),
    issuer: issuer.name,
    subject: { organization: "sigstore.local", commonName: "sigstore-tsa" },
    notBeforeMs,
    notAfterMs,
    spki: key.spki,
    extensions: [
      keyUsage(0),
      extendedKeyUsage([PURPOSE.timeStamping], true),
      subjectKeyIdentifier(key.spki),
      authorityKeyIdentifier(issuer.key.spki),
    ],
  });
  return { key, fields, certificate: signCertificate(fields, issuer.key) };
};

interface SignerOptions {
  readonly random: (bytes: number) => Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

/** An RFC 3161 authority: self-signed P-384 root, P-384 signing certificate. */
export const createTimestampAuthority = (options: {
  readonly random: (bytes: number) => Uint8Array;
  readonly nowMs: number;
  readonly distortSigner?: (fields: CertificateFields) => CertificateFields;
}): TimestampAuthority => {
  const { random, nowMs, distortSigner } = options;
  const { root } = createCertificateAuthority({ random, nowMs, organization: "tsa.sigstore.local" });
  const validity = { random, notBeforeMs: nowMs - YEAR_MS, notAfterMs: nowMs + 8 * YEAR_MS };
  const signer = createTimestampSigner(root, validity, distortSigner);
  const request = (data: Uint8Array, atMs: number): TokenFields => ({
    imprint: hashOf(data),
    imprintHash: "sha256",
    genTimeMs: atMs,
    serial: createSerial(random),
    signer,
    signerHash: "sha256",
    certificates: [signer.certificate],
    status: 0,
  });
  return {
    signer,
    root,
    chain: [signer.certificate, root.certificate],
    request,
    stamp: (data, atMs) => encodeTimestamp(request(data, atMs)),
  };
};
