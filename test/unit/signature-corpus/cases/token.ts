import { createCertificateAuthority } from "../../../../functions/local/playground/sigstore/certificate-authority.ts";
import {
  context,
  integer,
  octetString,
  oid,
  sequence,
} from "../../../../functions/local/playground/sigstore/der.ts";
import { extendedKeyUsage, PURPOSE } from "../../../../functions/local/playground/sigstore/extensions.ts";
import { hashOf } from "../../../../functions/local/playground/sigstore/keys.ts";
import {
  createTimestampSigner,
  signedAttribute,
  type TokenDistortions,
  type TokenFields,
} from "../../../../functions/local/playground/sigstore/timestamp-authority.ts";
import { DAY_MS, replaceExtension, withRoot } from "../changes.ts";
import {
  type Change,
  type CorpusCase,
  type Expected,
  type Scenario,
  steps,
  type World,
} from "../corpus-case.ts";
import { createSeededBytes, NOW_MS } from "../world.ts";

const random = createSeededBytes(81);
const validity = { random, notBeforeMs: NOW_MS - DAY_MS, notAfterMs: NOW_MS + DAY_MS };

const CONTENT_TYPE = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
const DATA = "1.2.840.113549.1.7.1";

const bent = (name: string, expected: Expected, distortions: TokenDistortions): CorpusCase => ({
  attackClass: 10,
  name: `timestamp ${name}`,
  formats: ["bundle-rekor2"],
  expected,
  attack: steps({ token: (token) => ({ ...token, distortions }) }),
});

/** A genuine token over something else, its content replaced by one that fits. */
const replacedContent: Change = steps({
  token: (token) => ({
    ...token,
    imprint: hashOf("something else"),
    distortions: {
      carriedInfo: (signed) => {
        const copy = Buffer.from(signed);
        const at = copy.indexOf(hashOf("something else"));
        copy.set(token.imprint, at);
        return copy;
      },
    },
  }),
});

const structureCases: readonly CorpusCase[] = [
  {
    attackClass: 10,
    name: "timestamp whose content was replaced after signing",
    formats: ["bundle-rekor2"],
    expected: "timestamp-invalid",
    attack: replacedContent,
  },
  bent("without the digest of its content", "timestamp-invalid", {
    attributes: (honest) => honest.filter((_, index) => index !== 2),
  }),
  bent("without the type of its content", "timestamp-invalid", { attributes: (honest) => honest.slice(1) }),
  bent("whose signed type is another", "timestamp-invalid", {
    attributes: (honest) => [signedAttribute(CONTENT_TYPE, oid(DATA)), ...honest.slice(1)],
  }),
  bent("with two digests of its content", "timestamp-malformed", {
    attributes: (honest) => [...honest, signedAttribute(MESSAGE_DIGEST, octetString(Buffer.alloc(32)))],
  }),
  bent("whose signed certificate is another", "timestamp-untrusted", {
    attributes: (honest) => [
      ...honest.slice(0, 3),
      signedAttribute(
        "1.2.840.113549.1.9.16.2.47",
        sequence(sequence(sequence(octetString(Buffer.alloc(32))))),
      ),
    ],
  }),
  bent("with two signers", "timestamp-malformed", { signerInfos: (honest) => [honest, honest] }),
  bent("without a signer", "timestamp-malformed", { signerInfos: () => [] }),
  bent("that carries other content", "timestamp-malformed", { contentType: DATA }),
  bent("that is another kind of message", "timestamp-malformed", { messageType: DATA }),
  bent("of another version", "timestamp-malformed", { info: ([, ...others]) => [integer(2n), ...others] }),
  bent("with extensions", "timestamp-malformed", {
    info: (honest) => [...honest, context(1, sequence(oid("1.2.3"), octetString(Buffer.alloc(1))))],
  }),
  bent("with something after it", "timestamp-malformed", { response: (honest) => [...honest, sequence()] }),
  bent("refused, without a token", "timestamp-malformed", { response: (honest) => honest.slice(0, 1) }),
];

const token = (
  name: string,
  expected: Expected,
  change: (token: TokenFields, scenario: Scenario, world: World) => TokenFields,
  setup?: Change,
): CorpusCase => ({
  attackClass: 10,
  name,
  formats: ["bundle-rekor2"],
  expected,
  attack: steps((scenario, world) => ({ token: (honest) => change(honest, scenario, world) })),
  ...(setup === undefined ? {} : { setup }),
});

/** The root lists the authority alone; its signing certificate comes along in the token. */
/** Says that it is the authority, and is another. */
const impostor = () =>
  createCertificateAuthority({ random, nowMs: NOW_MS, organization: "tsa.sigstore.local" }).root;

const authorityAlone: Change = withRoot((contents) => ({
  ...contents,
  timestampAuthorities: contents.timestampAuthorities.map((each) => ({
    ...each,
    chain: each.chain.slice(1),
  })),
}));

const ALONE = "signing certificate comes along: ";

const signerCases: readonly CorpusCase[] = [
  token(
    "timestamp that names another certificate than the one that signed",
    "timestamp-untrusted",
    (honest) => ({
      ...honest,
      distortions: { named: { ...honest.signer.fields, serial: Buffer.alloc(20, 1) } },
    }),
  ),
  token("timestamp with nine certificates", "timestamp-malformed", (honest) => ({
    ...honest,
    certificates: Array.from({ length: 9 }, () => honest.signer.certificate),
  })),
  token("timestamp of a hundred kilobytes", "timestamp-malformed", (honest) => ({
    ...honest,
    certificates: [sequence(octetString(Buffer.alloc(60_000))), honest.signer.certificate],
    serial: Buffer.alloc(60_000, 1),
  })),
  token(
    `${ALONE}and is missing`,
    "timestamp-untrusted",
    (honest) => ({ ...honest, certificates: [] }),
    authorityAlone,
  ),
  token(
    `${ALONE}a forged one first, then the right one`,
    "verified",
    (honest) => {
      const root = impostor();
      const forged = createTimestampSigner(root, validity);
      return { ...honest, certificates: [forged.certificate, honest.signer.certificate] };
    },
    authorityAlone,
  ),
  token(
    `${ALONE}forged under the authority's name, and signs`,
    "timestamp-invalid",
    (honest) => {
      const root = impostor();
      const signer = createTimestampSigner(root, validity, (fields) => ({
        ...fields,
        extensions: fields.extensions.filter(({ oid: id }) => id !== "2.5.29.35"),
      }));
      return { ...honest, signer, certificates: [signer.certificate, honest.signer.certificate] };
    },
    authorityAlone,
  ),
  token(
    `${ALONE}for code signing`,
    "timestamp-untrusted",
    (honest, { sigstore }) => {
      const signer = createTimestampSigner(sigstore.services.timestampAuthority.root, validity, (fields) =>
        replaceExtension(fields, "2.5.29.37", extendedKeyUsage([PURPOSE.codeSigning], true)),
      );
      return { ...honest, signer, certificates: [signer.certificate] };
    },
    authorityAlone,
  ),
  token(
    `${ALONE}for timestamps and more`,
    "timestamp-untrusted",
    (honest, { sigstore }) => {
      const signer = createTimestampSigner(sigstore.services.timestampAuthority.root, validity, (fields) =>
        replaceExtension(
          fields,
          "2.5.29.37",
          extendedKeyUsage([PURPOSE.timeStamping, PURPOSE.codeSigning], true),
        ),
      );
      return { ...honest, signer, certificates: [signer.certificate] };
    },
    authorityAlone,
  ),
  token(
    `${ALONE}whose purpose is not marked critical`,
    "timestamp-untrusted",
    (honest, { sigstore }) => {
      const signer = createTimestampSigner(sigstore.services.timestampAuthority.root, validity, (fields) =>
        replaceExtension(fields, "2.5.29.37", extendedKeyUsage([PURPOSE.timeStamping])),
      );
      return { ...honest, signer, certificates: [signer.certificate] };
    },
    authorityAlone,
  ),
  token(
    `${ALONE}expired before the timestamp`,
    "timestamp-untrusted",
    (honest, { sigstore }) => {
      const expired = { random, notBeforeMs: NOW_MS - 9 * DAY_MS, notAfterMs: NOW_MS - DAY_MS };
      const signer = createTimestampSigner(sigstore.services.timestampAuthority.root, expired);
      return { ...honest, signer, certificates: [signer.certificate] };
    },
    authorityAlone,
  ),
  token(
    `${ALONE}another of the same authority`,
    "verified",
    (honest, { sigstore }) => {
      const signer = createTimestampSigner(sigstore.services.timestampAuthority.root, validity);
      return { ...honest, signer, certificates: [signer.certificate] };
    },
    authorityAlone,
  ),
];

export const tokenCases: readonly CorpusCase[] = [...structureCases, ...signerCases];
