import { concat } from "../../../../functions/local/playground/sigstore/der.ts";
import { extendedKeyUsage, PURPOSE } from "../../../../functions/local/playground/sigstore/extensions.ts";
import { hashOf, toBase64 } from "../../../../functions/local/playground/sigstore/keys.ts";
import { createLocalSigstore } from "../../../../functions/local/playground/sigstore/local-sigstore.ts";
import {
  createTimestampAuthority,
  createTimestampSigner,
  type TokenFields,
} from "../../../../functions/local/playground/sigstore/timestamp-authority.ts";
import {
  BUNDLES,
  type CorpusCase,
  type Expected,
  request,
  type Scenario,
  steps,
  type World,
} from "../corpus-case.ts";
import { flip, set, tamper } from "../edit.ts";
import { createSeededBytes, NOW_MS } from "../world.ts";

const DAY_MS = 86_400_000;
const random = createSeededBytes(31);
const validity = { random, notBeforeMs: NOW_MS - DAY_MS, notAfterMs: NOW_MS + DAY_MS };

/** Where the timestamp is the only time there is. */
const token = (
  name: string,
  expected: Expected,
  change: (token: TokenFields, scenario: Scenario, world: World) => TokenFields,
): CorpusCase => ({
  attackClass: 10,
  name,
  formats: ["bundle-rekor2"],
  expected,
  attack: steps((scenario, world) => ({ token: (honest) => change(honest, scenario, world) })),
});

const bytes = (name: string, expected: Expected, change: (token: Uint8Array) => Uint8Array): CorpusCase => ({
  attackClass: 10,
  name,
  formats: ["bundle-rekor2"],
  expected,
  attack: steps({ timestamps: (honest) => honest.map(change) }),
});

export const timestampCases: readonly CorpusCase[] = [
  token("timestamp of other data", "timestamp-mismatch", (honest) => ({
    ...honest,
    imprint: hashOf("other"),
  })),
  token("timestamp whose imprint names another hash", "timestamp-mismatch", (honest) => ({
    ...honest,
    imprintHash: "sha512",
  })),
  token("timestamp with the imprint's hash cut short", "timestamp-mismatch", (honest) => ({
    ...honest,
    imprint: honest.imprint.subarray(0, 16),
  })),
  token(
    "timestamp by an authority nobody trusts",
    "timestamp-untrusted",
    (honest, _scenario, { foreign }) => {
      const { signer } = foreign.services.timestampAuthority;
      return { ...honest, signer, certificates: [signer.certificate] };
    },
  ),
  token(
    "trusted certificate in the bag, signed by another key",
    "timestamp-invalid",
    (honest, _s, { foreign }) => ({
      ...honest,
      signer: { ...honest.signer, key: foreign.services.timestampAuthority.signer.key },
    }),
  ),
  token("forged certificate first in the bag, signed by the forger", "timestamp-untrusted", (honest) => {
    const { root } = createTimestampAuthority({ random, nowMs: NOW_MS });
    const signer = createTimestampSigner(root, validity, (fields) => ({
      ...fields,
      subject: honest.signer.fields.subject,
      issuer: honest.signer.fields.issuer,
    }));
    return { ...honest, signer, certificates: [signer.certificate, honest.signer.certificate] };
  }),
  token("forged certificate with the trusted one's issuer and serial", "timestamp-untrusted", (honest) => {
    const { root } = createTimestampAuthority({ random, nowMs: NOW_MS });
    const signer = createTimestampSigner(root, validity, (fields) => ({
      ...fields,
      issuer: honest.signer.fields.issuer,
      serial: honest.signer.fields.serial,
    }));
    return { ...honest, signer, certificates: [signer.certificate, honest.signer.certificate] };
  }),
  token(
    "forged certificate in the bag beside the one that signed",
    "verified",
    (honest, _s, { foreign }) => ({
      ...honest,
      certificates: [foreign.services.timestampAuthority.signer.certificate, ...honest.certificates],
    }),
  ),
  token("empty certificate bag", "verified", (honest) => ({ ...honest, certificates: [] })),
  token(
    "leaf of the artifact's signer used as timestamp authority",
    "timestamp-untrusted",
    (honest, { sigstore }) => {
      const { authority } = sigstore.services;
      const signer = createTimestampSigner(authority.intermediate, validity);
      return { ...honest, signer, certificates: [signer.certificate] };
    },
  ),
  token("refused by the authority", "timestamp-malformed", (honest) => ({ ...honest, status: 2 })),
  {
    attackClass: 10,
    name: "authority's certificate for code signing",
    formats: ["bundle-rekor2"],
    expected: "timestamp-untrusted",
    attack: () => {
      const timestampAuthority = createTimestampAuthority({
        random,
        nowMs: NOW_MS,
        distortSigner: (fields) => ({
          ...fields,
          extensions: fields.extensions.map((extension) =>
            extension.oid === "2.5.29.37" ? extendedKeyUsage([PURPOSE.codeSigning], true) : extension,
          ),
        }),
      });
      const sigstore = createLocalSigstore({ nowMs: () => NOW_MS, random, services: { timestampAuthority } });
      return { sigstore, trustedRootJson: sigstore.trustedRootJson };
    },
  },
  bytes("timestamp with a bit of its signature flipped", "timestamp-invalid", (honest) => flip(honest, -2)),
  bytes("timestamp with trailing bytes", "timestamp-malformed", (honest) => concat(honest, Buffer.of(0))),
  bytes("timestamp cut off", "timestamp-malformed", (honest) => honest.subarray(0, honest.length - 1)),
  bytes("timestamp that is empty", "timestamp-malformed", () => new Uint8Array()),
  {
    attackClass: 10,
    name: "timestamp of another signature copied",
    formats: BUNDLES,
    expected: { "bundle-rekor1": "verified", "bundle-rekor2": "timestamp-mismatch" },
    setup: request({ timestamp: true }),
    attack: steps(({ sigstore: { services } }) => ({
      timestamps: () => [services.timestampAuthority.stamp(Buffer.from("another signature"), NOW_MS)],
    })),
  },
  {
    attackClass: 10,
    name: "log gives the time; a timestamp of something else beside it",
    formats: ["legacy"],
    expected: "verified",
    setup: request({ timestamp: true }),
    attack: steps({ token: (honest) => ({ ...honest, imprint: hashOf("other") }) }),
  },
  {
    attackClass: 10,
    name: "no timestamp where the log has no time",
    formats: ["bundle-rekor2"],
    expected: "no-signed-time",
    attack: request({ timestamp: false }),
  },
  {
    attackClass: 10,
    name: "integratedTime written into an entry of a log that has no time",
    formats: ["bundle-rekor2"],
    expected: "no-signed-time",
    attack: steps((scenario) => ({
      ...scenario.request.steps,
      timestamps: () => [],
      ...tamper({
        bundle: (bundle) =>
          set(bundle, ["verificationMaterial", "tlogEntries", 0, "integratedTime"], `${NOW_MS / 1000}`),
      }),
    })),
  },
  {
    attackClass: 10,
    name: "integratedTime and a made-up promise in an entry of a log that has no time",
    formats: ["bundle-rekor2"],
    expected: "set-invalid",
    attack: steps({
      timestamps: () => [],
      entry: (entry, log) => ({
        ...entry,
        integratedTime: Math.floor(NOW_MS / 1000),
        signedEntryTimestamp: Buffer.from(toBase64(log.logId)),
      }),
    }),
  },
];
