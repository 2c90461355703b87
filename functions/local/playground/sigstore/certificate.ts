import {
  bitString,
  boolean,
  context,
  integer,
  octetString,
  oid,
  printableString,
  sequence,
  setOf,
  x509Time,
} from "./der.ts";
import { type HashName, type KeyPair, signatureAlgorithm } from "./keys.ts";

export interface Name {
  readonly organization?: string;
  readonly commonName?: string;
}

export interface Extension {
  readonly oid: string;
  readonly critical?: boolean;
  /** What the extension's OCTET STRING holds. */
  readonly value: Uint8Array;
}

/** Everything that goes into a certificate before its signature; tests change any of it. */
export interface CertificateFields {
  readonly serial: Uint8Array;
  readonly issuer: Name;
  readonly subject: Name;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly spki: Uint8Array;
  readonly extensions: readonly Extension[];
}

const attribute = (type: string, text: string): Uint8Array =>
  setOf(sequence(oid(type), printableString(text)));

export const encodeName = ({ organization, commonName }: Name): Uint8Array =>
  sequence(
    ...(organization === undefined ? [] : [attribute("2.5.4.10", organization)]),
    ...(commonName === undefined ? [] : [attribute("2.5.4.3", commonName)]),
  );

const encodeExtension = ({ oid: type, critical = false, value }: Extension): Uint8Array =>
  sequence(oid(type), ...(critical ? [boolean(true)] : []), octetString(value));

/** The TBSCertificate; without the SCT extension these are also the bytes that a CT log signs (RFC 6962 §3.2). */
export const encodeTbs = (fields: CertificateFields, algorithm: Uint8Array): Uint8Array =>
  sequence(
    context(0, integer(2n)),
    integer(fields.serial),
    algorithm,
    encodeName(fields.issuer),
    sequence(x509Time(fields.notBeforeMs), x509Time(fields.notAfterMs)),
    encodeName(fields.subject),
    fields.spki,
    context(3, sequence(...fields.extensions.map(encodeExtension))),
  );

const HASH_BY_KIND = {
  p256: "sha256",
  p384: "sha384",
  p521: "sha512",
  ed25519: "sha512",
  rsa2048: "sha256",
} as const satisfies Record<KeyPair["kind"], HashName>;

export const certificateAlgorithm = (signer: KeyPair): Uint8Array =>
  signatureAlgorithm(signer, HASH_BY_KIND[signer.kind]);

export const signTbs = (tbs: Uint8Array, signer: KeyPair): Uint8Array =>
  sequence(tbs, certificateAlgorithm(signer), bitString(signer.sign(tbs, HASH_BY_KIND[signer.kind])));

export const signCertificate = (fields: CertificateFields, signer: KeyPair): Uint8Array =>
  signTbs(encodeTbs(fields, certificateAlgorithm(signer)), signer);

export const toPem = (der: Uint8Array, label = "CERTIFICATE"): string => {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
};
