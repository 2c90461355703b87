import type { CertificateFields } from "../../../../functions/local/playground/sigstore/certificate.ts";
import {
  concat,
  ia5String,
  printableString,
  utf8String,
} from "../../../../functions/local/playground/sigstore/der.ts";
import {
  derIssuer,
  fulcioExtension,
  rawIssuer,
} from "../../../../functions/local/playground/sigstore/extensions.ts";
import { leafCase, replaceExtension } from "../changes.ts";
import type { CorpusCase } from "../corpus-case.ts";
import { IDENTITY } from "../world.ts";

const EVIL = "https://evil.example/oidc";

const RAW = "1.3.6.1.4.1.57264.1.1";

const DER = "1.3.6.1.4.1.57264.1.8";

const issuer8 = (value: Uint8Array) => (fields: CertificateFields) =>
  replaceExtension(fields, DER, fulcioExtension(8, value));

export const issuerCases: readonly CorpusCase[] = [
  leafCase(15, "raw issuer good, coded issuer evil", "certificate-issuer", issuer8(utf8String(EVIL))),
  leafCase(15, "raw issuer evil, coded issuer good", "certificate-issuer", (fields) =>
    replaceExtension(fields, RAW, rawIssuer(EVIL)),
  ),
  leafCase(15, "coded issuer before a raw one that disagrees", "certificate-issuer", (fields) => {
    const others = fields.extensions.filter(({ oid }) => oid !== RAW && oid !== DER);
    return { ...fields, extensions: [...others, derIssuer(IDENTITY.issuer), rawIssuer(EVIL)] };
  }),
  leafCase(15, "coded issuer as IA5String", "certificate-issuer", issuer8(ia5String(IDENTITY.issuer))),
  leafCase(
    15,
    "coded issuer as PrintableString",
    "certificate-issuer",
    issuer8(printableString(IDENTITY.issuer)),
  ),
  leafCase(15, "coded issuer without a tag", "certificate-issuer", issuer8(Buffer.from(IDENTITY.issuer))),
  leafCase(
    15,
    "coded issuer with trailing bytes",
    "certificate-issuer",
    issuer8(concat(utf8String(IDENTITY.issuer), Buffer.from("x"))),
  ),
  leafCase(15, "coded issuer empty", "certificate-issuer", issuer8(utf8String(""))),
  leafCase(23, "issuer longer than any", "certificate-issuer", (fields) => {
    const issuer = IDENTITY.issuer.padEnd(2049, "x");
    const others = fields.extensions.filter(({ oid }) => oid !== RAW && oid !== DER);
    return { ...fields, extensions: [...others, rawIssuer(issuer), derIssuer(issuer)] };
  }),
  leafCase(15, "coded issuer twice", "certificate-malformed", (fields) => ({
    ...fields,
    extensions: [...fields.extensions, derIssuer(EVIL)],
  })),
  leafCase(15, "only the raw issuer, as old certificates", "verified", (fields) =>
    replaceExtension(fields, DER),
  ),
  leafCase(15, "only the coded issuer", "verified", (fields) => replaceExtension(fields, RAW)),
  leafCase(15, "no issuer", "certificate-issuer", (fields) =>
    replaceExtension(replaceExtension(fields, RAW), DER),
  ),
  leafCase(15, "raw issuer with a line break at its end", "certificate-issuer", (fields) =>
    replaceExtension(fields, RAW, rawIssuer(`${IDENTITY.issuer}\n`)),
  ),
];
