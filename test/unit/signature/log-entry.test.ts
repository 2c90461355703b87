import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  type LogEntry,
  type SignedMaterial,
  toSigned,
  toSignedDigest,
} from "../../../shared/signature/evidence/material.ts";
import { compareEntry, type Signer } from "../../../shared/signature/log/log-entry.ts";
import { compareVersion2 } from "../../../shared/signature/log/log-entry-v2.ts";
import { refusalOf } from "./support.ts";

const hex = (algorithm: string, data: Buffer): string => createHash(algorithm).update(data).digest("hex");
const base64 = (data: Buffer | string): string => Buffer.from(data).toString("base64");
const pem = (label: string, der: Buffer): string =>
  `-----BEGIN ${label}-----\n${base64(der)}\n-----END ${label}-----\n`;

const CERTIFICATE = Buffer.from("certificate");
const SIGNER: Signer = { label: "CERTIFICATE", der: CERTIFICATE };
const SIGNATURE = Buffer.from("signature");
const PAYLOAD = Buffer.from("payload");
const ENVELOPE = Buffer.from('{"envelope":true}');

const common = {
  signature: SIGNATURE,
  certificate: undefined,
  entries: [],
  timestamps: [],
  timestamped: SIGNATURE,
};
const MESSAGE: SignedMaterial = {
  ...common,
  form: "message",
  signed: toSigned(PAYLOAD),
  payload: PAYLOAD,
  storedEnvelope: undefined,
};
const BUNDLED: SignedMaterial = { ...MESSAGE, form: "envelope", signed: toSigned(Buffer.from("PAE")) };
const STORED: SignedMaterial = { ...BUNDLED, storedEnvelope: ENVELOPE };

const toEntry = (
  kind: string,
  version: string,
  spec: object,
  body: object = { kind, apiVersion: version, spec },
): LogEntry => ({
  logId: Buffer.alloc(32),
  logIndex: 1,
  kind,
  version,
  integratedTime: 1,
  promise: undefined,
  proof: undefined,
  body: Buffer.from(JSON.stringify(body)),
});

const outcome = (material: SignedMaterial, entry: LogEntry, signer = SIGNER): string =>
  refusalOf(() => compareEntry(entry, material, signer));

const OWN = base64(pem("CERTIFICATE", CERTIFICATE));
const OTHER = base64(pem("CERTIFICATE", Buffer.from("another")));

const hashOf = (data: Buffer, algorithm = "sha256") => ({ algorithm, value: hex(algorithm, data) });

const message = (more: { content?: string; key?: string; hash?: object } = {}) => ({
  signature: { content: more.content ?? base64(SIGNATURE), publicKey: { content: more.key ?? OWN } },
  data: { hash: more.hash ?? hashOf(PAYLOAD) },
});

describe.each([
  ["hashedrekord", "0.0.1"],
  ["rekord", "0.0.1"],
])("%s %s", (kind, version) => {
  test.each([
    ["its own", message(), "accepted"],
    ["hashed with SHA-512", message({ hash: hashOf(PAYLOAD, "sha512") }), "accepted"],
    ["another signature", message({ content: base64("other") }), "log-entry-mismatch"],
    ["another certificate", message({ key: OTHER }), "log-entry-mismatch"],
    ["a bare key", message({ key: base64(pem("PUBLIC KEY", CERTIFICATE)) }), "log-entry-mismatch"],
    [
      "two certificates",
      message({ key: base64(pem("CERTIFICATE", CERTIFICATE).repeat(2)) }),
      "log-entry-mismatch",
    ],
    ["another payload", message({ hash: hashOf(Buffer.from("other")) }), "log-entry-mismatch"],
    [
      "a hash that nobody uses",
      message({ hash: { algorithm: "sha1", value: "00" } }),
      "log-entry-unsupported",
    ],
    ["nothing", {}, "log-entry-mismatch"],
  ])("of %s: %3$s", (_, spec, expected) => {
    expect(outcome(MESSAGE, toEntry(kind, version, spec))).toBe(expected);
  });

  test("says nothing about an envelope", () => {
    expect(outcome(BUNDLED, toEntry(kind, version, message()))).toBe("log-entry-unsupported");
  });
});

const dsse = (
  more: { signature?: string; verifier?: string; payload?: Buffer; envelope?: Buffer; count?: number } = {},
) => ({
  signatures: Array.from({ length: more.count ?? 1 }, () => ({
    signature: more.signature ?? base64(SIGNATURE),
    verifier: more.verifier ?? OWN,
  })),
  payloadHash: hashOf(more.payload ?? PAYLOAD),
  envelopeHash: hashOf(more.envelope ?? ENVELOPE),
});

const intoto = (more: Parameters<typeof dsse>[0] = {}) => {
  const { signatures, payloadHash, envelopeHash } = dsse(more);
  return {
    content: {
      envelope: {
        signatures: signatures.map(({ signature, verifier }) => ({
          sig: base64(signature),
          publicKey: verifier,
        })),
      },
      payloadHash,
      hash: envelopeHash,
    },
  };
};

describe.each([
  ["dsse", "0.0.1", dsse],
  ["intoto", "0.0.2", intoto],
] as const)("%s %s", (kind, version, toSpec) => {
  test.each([
    ["its own", {}, "accepted", "accepted"],
    ["another signature", { signature: base64("other") }, "log-entry-mismatch", "log-entry-mismatch"],
    ["another certificate", { verifier: OTHER }, "log-entry-mismatch", "log-entry-mismatch"],
    ["another payload", { payload: Buffer.from("other") }, "log-entry-mismatch", "log-entry-mismatch"],
    ["no signature", { count: 0 }, "log-entry-mismatch", "log-entry-mismatch"],
    ["two signatures", { count: 2 }, "log-entry-mismatch", "log-entry-mismatch"],
    // A bundle does not hold the envelope as it was uploaded, so there is nothing to compare its hash with.
    ["an envelope in another spelling", { envelope: Buffer.from("other") }, "accepted", "log-entry-mismatch"],
  ])("of %s", (_, more, bundled, stored) => {
    const entry = toEntry(kind, version, toSpec(more));
    expect(outcome(BUNDLED, entry)).toBe(bundled);
    expect(outcome(STORED, entry)).toBe(stored);
  });

  test("says nothing about a message", () => {
    expect(outcome(MESSAGE, toEntry(kind, version, toSpec()))).toBe("log-entry-unsupported");
  });
});

describe("intoto 0.0.1", () => {
  const spec = (more: { key?: string; envelope?: Buffer } = {}) => ({
    content: { hash: hashOf(more.envelope ?? ENVELOPE) },
    publicKey: more.key ?? OWN,
  });

  test.each([
    ["its own", STORED, spec(), "accepted"],
    ["another envelope", STORED, spec({ envelope: Buffer.from("other") }), "log-entry-mismatch"],
    ["another certificate", STORED, spec({ key: OTHER }), "log-entry-mismatch"],
    ["an envelope that is not at hand as it was stored", BUNDLED, spec(), "log-entry-mismatch"],
    ["a message", MESSAGE, spec(), "log-entry-unsupported"],
  ])("of %s", (_, material, body, expected) => {
    expect(outcome(material, toEntry("intoto", "0.0.1", body))).toBe(expected);
  });
});

describe("any entry", () => {
  test.each([
    ["of a kind nobody knows", toEntry("helm", "0.0.1", {}), "log-entry-unsupported"],
    [
      "that says another kind than its body",
      toEntry("hashedrekord", "0.0.1", message(), { kind: "dsse", apiVersion: "0.0.1", spec: message() }),
      "log-entry-mismatch",
    ],
    [
      "that says another version than its body",
      toEntry("hashedrekord", "0.0.1", message(), {
        kind: "hashedrekord",
        apiVersion: "0.0.9",
        spec: message(),
      }),
      "log-entry-mismatch",
    ],
    [
      "whose body is not JSON",
      { ...toEntry("hashedrekord", "0.0.1", message()), body: Buffer.from("{") },
      "log-entry-mismatch",
    ],
  ])("%s", (_, entry, expected) => {
    expect(outcome(MESSAGE, entry)).toBe(expected);
  });

  test("of a public key names that key", () => {
    const signer: Signer = { label: "PUBLIC KEY", der: CERTIFICATE };
    const own = toEntry("hashedrekord", "0.0.1", message({ key: base64(pem("PUBLIC KEY", CERTIFICATE)) }));
    expect(outcome(MESSAGE, own, signer)).toBe("accepted");
    expect(outcome(MESSAGE, toEntry("hashedrekord", "0.0.1", message()), signer)).toBe("log-entry-mismatch");
  });
});

describe("hashedrekord 0.0.2 is rebuilt", () => {
  const P256 = { family: "ec", kind: "p256", bits: 256 } as const;
  const P384 = { family: "ec", kind: "p384", bits: 384 } as const;
  const RSA = { family: "rsa", kind: "rsa", bits: 2048 } as const;
  /** As the log writes it: canonical JSON. */
  const body = (digest: string, algorithm: string, keyDetails: string, verifier: string): string =>
    `{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"${algorithm}","digest":"${digest}"},"signature":{"content":"${base64(SIGNATURE)}","verifier":{"keyDetails":"${keyDetails}",${verifier}}}}}}`;
  const certificate = `"x509Certificate":{"rawBytes":"${base64(CERTIFICATE)}"}`;
  const publicKey = `"publicKey":{"rawBytes":"${base64(CERTIFICATE)}"}`;
  const digestOf = (algorithm: string): string => createHash(algorithm).update(PAYLOAD).digest("base64");
  const entry = (text: string): LogEntry => ({
    ...toEntry("hashedrekord", "0.0.2", {}),
    body: Buffer.from(text),
  });
  const KEY: Signer = { label: "PUBLIC KEY", der: CERTIFICATE };

  test.each([
    [
      "P-256",
      body(digestOf("sha256"), "SHA2_256", "PKIX_ECDSA_P256_SHA_256", certificate),
      SIGNER,
      P256,
      "accepted",
    ],
    [
      "P-384",
      body(digestOf("sha384"), "SHA2_384", "PKIX_ECDSA_P384_SHA_384", certificate),
      SIGNER,
      P384,
      "accepted",
    ],
    [
      "RSA",
      body(digestOf("sha256"), "SHA2_256", "PKIX_RSA_PKCS1V15_2048_SHA256", publicKey),
      KEY,
      RSA,
      "accepted",
    ],
    [
      "a key where a certificate signed",
      body(digestOf("sha256"), "SHA2_256", "PKIX_ECDSA_P256_SHA_256", publicKey),
      SIGNER,
      P256,
      "log-entry-mismatch",
    ],
    [
      "another spelling",
      ` ${body(digestOf("sha256"), "SHA2_256", "PKIX_ECDSA_P256_SHA_256", certificate)}`,
      SIGNER,
      P256,
      "log-entry-mismatch",
    ],
    [
      "another hash",
      body(digestOf("sha256"), "SHA2_256", "PKIX_ECDSA_P384_SHA_384", certificate),
      SIGNER,
      P384,
      "log-entry-mismatch",
    ],
  ] as const)("for %s", (_, text, signer, kind, expected) => {
    expect(refusalOf(() => compareVersion2(entry(text), MESSAGE, signer, kind))).toBe(expected);
  });

  test("there is none for pure Ed25519, for odd RSA sizes, or without the hash that the key needs", () => {
    const ed25519 = { family: "ed25519", kind: "ed25519", bits: 256 } as const;
    const odd = { ...RSA, bits: 2056 };
    const unknown = { ...MESSAGE, signed: toSignedDigest(Buffer.alloc(32)) };
    for (const kind of [ed25519, odd]) {
      expect(refusalOf(() => compareVersion2(entry("{}"), MESSAGE, SIGNER, kind))).toBe(
        "log-entry-unsupported",
      );
    }
    expect(refusalOf(() => compareVersion2(entry("{}"), unknown, SIGNER, P384))).toBe(
      "log-entry-unsupported",
    );
  });
});
