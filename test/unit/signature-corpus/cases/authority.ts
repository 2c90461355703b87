import { generateKeyPairSync, type KeyObject } from "node:crypto";
import type { CertificateFields } from "../../../../functions/local/playground/sigstore/certificate.ts";
import { context, contextPrimitive, sequence } from "../../../../functions/local/playground/sigstore/der.ts";
import {
  authorityKeyIdentifier,
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  PURPOSE,
} from "../../../../functions/local/playground/sigstore/extensions.ts";
import { createKeyPair } from "../../../../functions/local/playground/sigstore/keys.ts";
import { createTimestampAuthority } from "../../../../functions/local/playground/sigstore/timestamp-authority.ts";
import { addExtensions, leafCase, replaceExtension, withAuthority, withChain, withRoot } from "../changes.ts";
import { type CorpusCase, SIGNED_TIME } from "../corpus-case.ts";
import { createSeededBytes, NOW_MS } from "../world.ts";

const random = createSeededBytes(71);

const BASIC_CONSTRAINTS = "2.5.29.19";
const KEY_USAGE = "2.5.29.15";
const EXTENDED_KEY_USAGE = "2.5.29.37";
const AUTHORITY_KEY_ID = "2.5.29.35";

type Distortion = (fields: CertificateFields) => CertificateFields;

const authority = (
  name: string,
  distortions: { readonly root?: Distortion; readonly intermediate?: Distortion },
): CorpusCase => ({
  attackClass: 34,
  name: `trusted root with an authority ${name}`,
  formats: SIGNED_TIME,
  expected: "throws TRUST_ROOT_INVALID",
  attack: withAuthority(random, {
    ...(distortions.root === undefined ? {} : { distortRoot: distortions.root }),
    ...(distortions.intermediate === undefined ? {} : { distortIntermediate: distortions.intermediate }),
  }),
});

/** Names below example.org only: a restriction that would have to be evaluated. */
const nameConstraints = {
  oid: "2.5.29.30",
  critical: true,
  value: sequence(context(0, sequence(contextPrimitive(2, Buffer.from("example.org"))))),
};

const encodeKey = (key: KeyObject): Uint8Array => key.export({ type: "spki", format: "der" });

const unsupportedKeys = [
  {
    name: "on a curve of other uses",
    spki: encodeKey(generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey),
  },
  { name: "of a kind of other uses", spki: encodeKey(generateKeyPairSync("ed448").publicKey) },
  {
    name: "that is too short",
    spki: encodeKey(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey),
  },
];

export const authorityCases: readonly CorpusCase[] = [
  authority("that is none", {
    intermediate: (fields) => replaceExtension(fields, BASIC_CONSTRAINTS, basicConstraints(false)),
  }),
  authority("that does not say it is one", {
    intermediate: (fields) => replaceExtension(fields, BASIC_CONSTRAINTS),
  }),
  authority("whose key may not sign certificates", {
    intermediate: (fields) => replaceExtension(fields, KEY_USAGE, keyUsage(0)),
  }),
  authority("for servers", {
    intermediate: (fields) =>
      replaceExtension(fields, EXTENDED_KEY_USAGE, extendedKeyUsage([PURPOSE.serverAuth])),
  }),
  authority("for timestamps", {
    intermediate: (fields) =>
      replaceExtension(fields, EXTENDED_KEY_USAGE, extendedKeyUsage([PURPOSE.timeStamping])),
  }),
  authority("below one that allows none below it", {
    root: (fields) => replaceExtension(fields, BASIC_CONSTRAINTS, basicConstraints(true, 0)),
  }),
  // Its readers may pass over what is not critical.
  authority("for some names only, not critical", {
    intermediate: (fields) => addExtensions(fields, { ...nameConstraints, critical: false }),
  }),
  authority("for some names only", { intermediate: (fields) => addExtensions(fields, nameConstraints) }),
  authority("with a critical extension that nobody knows", {
    intermediate: (fields) =>
      addExtensions(fields, { oid: "1.2.3.4.5", critical: true, value: Buffer.from("0500", "hex") }),
  }),
  {
    attackClass: 34,
    name: "trusted root whose chain stands on its head",
    formats: SIGNED_TIME,
    expected: "throws TRUST_ROOT_INVALID",
    attack: withChain((chain) => chain.toReversed()),
  },
  {
    attackClass: 34,
    name: "trusted root whose chain has nine certificates",
    formats: SIGNED_TIME,
    expected: "throws TRUST_ROOT_INVALID",
    attack: withChain((chain) => Array.from({ length: 9 }, () => chain[0] ?? new Uint8Array())),
  },
  {
    attackClass: 34,
    name: "trusted root whose timestamp signer was issued by somebody else",
    formats: SIGNED_TIME,
    expected: "throws TRUST_ROOT_INVALID",
    attack: withRoot((contents) => {
      const { signer } = createTimestampAuthority({ random, nowMs: NOW_MS });
      const timestampAuthorities = contents.timestampAuthorities.map((each) => ({
        ...each,
        chain: [signer.certificate, ...each.chain.slice(1)],
      }));
      return { ...contents, timestampAuthorities };
    }),
  },
  leafCase(
    27,
    "leaf that names another issuer than the one that signed it",
    "certificate-untrusted",
    (fields) => ({
      ...fields,
      issuer: { ...fields.issuer, commonName: "another" },
    }),
  ),
  leafCase(27, "leaf that names another key than the one that signed it", "certificate-untrusted", (fields) =>
    replaceExtension(fields, AUTHORITY_KEY_ID, authorityKeyIdentifier(createKeyPair("p384").spki)),
  ),
  leafCase(27, "leaf whose key usage is empty", "certificate-malformed", (fields) =>
    replaceExtension(fields, KEY_USAGE, {
      oid: KEY_USAGE,
      critical: true,
      value: Buffer.from("030100", "hex"),
    }),
  ),
  leafCase(27, "leaf whose constraints say too much", "certificate-malformed", (fields) =>
    addExtensions(fields, {
      oid: BASIC_CONSTRAINTS,
      critical: true,
      value: sequence(Buffer.from("020100", "hex"), Buffer.from("020100", "hex")),
    }),
  ),
  ...unsupportedKeys.map(({ name, spki }) =>
    leafCase(27, `leaf for a key ${name}`, "certificate-malformed", (fields) => ({ ...fields, spki })),
  ),
];
