import type { CertificateFields } from "../../../../functions/local/playground/sigstore/certificate.ts";
import { generalName, subjectAltName } from "../../../../functions/local/playground/sigstore/extensions.ts";
import { leafCase, replaceExtension } from "../changes.ts";
import type { CorpusCase } from "../corpus-case.ts";
import { IDENTITY } from "../world.ts";

const SAN = "2.5.29.17";

const names =
  (...list: readonly Uint8Array[]) =>
  (fields: CertificateFields) =>
    replaceExtension(fields, SAN, subjectAltName(...list));

export const nameCases: readonly CorpusCase[] = [
  leafCase(
    16,
    "e-mail address, then URI",
    "certificate-name",
    names(generalName.email("a@b.example"), generalName.uri(IDENTITY.subject)),
  ),
  leafCase(
    16,
    "two URIs, the good one first",
    "certificate-name",
    names(generalName.uri(IDENTITY.subject), generalName.uri("https://evil")),
  ),
  leafCase(
    16,
    "two URIs, the good one last",
    "certificate-name",
    names(generalName.uri("https://evil"), generalName.uri(IDENTITY.subject)),
  ),
  leafCase(16, "DNS name only", "certificate-name", names(generalName.dns(IDENTITY.subject))),
  leafCase(
    16,
    "URI and DNS name",
    "certificate-name",
    names(generalName.uri(IDENTITY.subject), generalName.dns("x.example")),
  ),
  leafCase(16, "NUL in the URI", "certificate-name", names(generalName.uri(`${IDENTITY.subject}\0.evil`))),
  leafCase(
    16,
    "byte beyond ASCII in the URI",
    "certificate-name",
    names(generalName.uri(`${IDENTITY.subject}\u00e9`)),
  ),
  leafCase(23, "URI as long as any", "verified", names(generalName.uri(IDENTITY.subject.padEnd(2048, "x")))),
  leafCase(
    23,
    "URI longer than any",
    "certificate-name",
    names(generalName.uri(IDENTITY.subject.padEnd(2049, "x"))),
  ),
  leafCase(16, "no name at all", "certificate-name", (fields) => replaceExtension(fields, SAN)),
  leafCase(16, "empty list of names", "certificate-name", names()),
  leafCase(16, "empty URI", "certificate-name", names(generalName.uri(""))),
  leafCase(16, "two name extensions", "certificate-malformed", (fields) => ({
    ...fields,
    extensions: [...fields.extensions, subjectAltName(generalName.uri("https://evil"))],
  })),
];
