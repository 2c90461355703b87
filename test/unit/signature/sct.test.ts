import { expect, test } from "vitest";
import { type Certificate, parseCertificate } from "../../../shared/signature/certificate/certificate.ts";
import { verifyCertificateTimestamps } from "../../../shared/signature/certificate/sct.ts";
import { contentOf, encodeDer, readDer, TAG } from "../../../shared/signature/encoding/der.ts";
import { OID } from "../../../shared/signature/encoding/oids.ts";
import { toReason } from "../../../shared/signature/refusal.ts";
import { parseTrustedRoot } from "../../../shared/signature/trust/trusted-root.ts";
import { nextArtifact, sign, sigstore } from "./support.ts";

const root = parseTrustedRoot(Buffer.from(sigstore.trustedRootJson));
const { leaf } = sign(nextArtifact(), { format: "bundle-rekor1" });
const certificate = parseCertificate(Buffer.from(leaf ?? []));
const [authority] = root.certificateAuthorities;
const keyHash = authority?.issuers[0]?.keyHash ?? Buffer.alloc(0);

const honest = certificate.extensions.get(OID.sctList);
if (honest === undefined) throw new Error("the leaf has no SCT");
const list = contentOf(readDer(honest.value));

/** The list is no part of what SCTs sign: around another list the certificate's own SCT still verifies. */
const withList = (value: Buffer): Certificate => ({
  ...certificate,
  extensions: new Map(certificate.extensions).set(OID.sctList, { ...honest, value }),
});

const withLength = (content: Buffer): Buffer =>
  Buffer.concat([Buffer.from([content.length >> 8, content.length & 0xff]), content]);
const octets = (content: Buffer): Buffer => encodeDer(TAG.octetString, content);
const items = list.subarray(2);
const EXTRA = Buffer.of(0);

test.each([
  ["as it was issued", honest.value, "verified"],
  ["the same, put together here", octets(withLength(items)), "verified"],
  ["with a byte after the list", octets(Buffer.concat([withLength(items), EXTRA])), "sct-invalid"],
  ["with a byte after the extension", Buffer.concat([honest.value, EXTRA]), "sct-invalid"],
  [
    "with a byte inside the list, after its last item",
    octets(withLength(Buffer.concat([items, EXTRA]))),
    "sct-invalid",
  ],
  ["shorter than it says", octets(withLength(items).subarray(0, -1)), "sct-invalid"],
  ["without a length", octets(Buffer.alloc(0)), "sct-invalid"],
  ["with no items", octets(withLength(Buffer.alloc(0))), "sct-missing"],
  ["of another type", encodeDer(TAG.bitString, withLength(items)), "sct-invalid"],
])("a list of SCTs %s", async (_, value, expected) => {
  const outcome = await verifyCertificateTimestamps(withList(value), keyHash, root).then(
    () => "verified",
    toReason,
  );
  expect(outcome).toBe(expected);
});
