import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../functions/local/playground/sigstore/json.ts";
import { parseBundle } from "../../../shared/signature/evidence/bundle.ts";
import { ENTRY, edit, type Path, remove, set } from "../signature-corpus/edit.ts";
import { nextArtifact, refusalOf, sign, sigstore } from "./support.ts";

const { bundle } = sign(nextArtifact(), { format: "bundle-rekor1", timestamp: true });
const HONEST = JSON.parse(Buffer.from(bundle?.bytes ?? []).toString()) as JsonObject;

const outcome = (json: JsonObject): string => refusalOf(() => parseBundle(Buffer.from(JSON.stringify(json))));

const MATERIAL = "verificationMaterial";
const CERTIFICATE: Path = [MATERIAL, "certificate"];
const TIMESTAMPS: Path = [MATERIAL, "timestampVerificationData", "rfc3161Timestamps"];
const PROOF: Path = [...ENTRY, "inclusionProof"];
const at = (path: Path) => {
  let found: unknown = HONEST;
  for (const key of path) found = (found as Record<string | number, unknown>)[key];
  return found as never;
};

const rawBytes = (der: Uint8Array) => ({ rawBytes: Buffer.from(der).toString("base64") });
const { root, intermediate } = sigstore.services.authority;

/** The same bundle as an older version with a chain in place of the one certificate. */
const withChain = (mediaType: string, ...above: readonly Uint8Array[]): JsonObject => {
  const certificates = [at(CERTIFICATE), ...above.map(rawBytes)];
  return set(set(remove(HONEST, CERTIFICATE), ["mediaType"], mediaType), [MATERIAL, "x509CertificateChain"], {
    certificates,
  });
};

const V01 = "application/vnd.dev.sigstore.bundle+json;version=0.1";
const V02 = "application/vnd.dev.sigstore.bundle+json;version=0.2";
const MALFORMED = "evidence-malformed";

describe("media types", () => {
  test.each([
    [V01, "accepted"],
    [V02, "accepted"],
    ["application/vnd.dev.sigstore.bundle+json;version=0.3", "accepted"],
    ["application/vnd.dev.sigstore.bundle.v0.3+json", "accepted"],
    ["application/vnd.dev.sigstore.bundle.v0.4+json", "bundle-version-unsupported"],
    ["application/vnd.dev.sigstore.bundle.v0.3+json ", "bundle-version-unsupported"],
    ["application/json", "bundle-version-unsupported"],
  ])("%s is %s", (mediaType, expected) => {
    expect(outcome(set(HONEST, ["mediaType"], mediaType))).toBe(expected);
  });
});

describe("who signed", () => {
  test.each([
    ["a chain in v0.1", withChain(V01, intermediate.certificate), "accepted"],
    ["a chain in v0.2", withChain(V02), "accepted"],
    ["a chain in v0.3", withChain("application/vnd.dev.sigstore.bundle.v0.3+json"), MALFORMED],
    ["a chain with its root", withChain(V01, intermediate.certificate, root.certificate), MALFORMED],
    [
      "an empty chain",
      set(withChain(V01), [MATERIAL, "x509CertificateChain", "certificates"], []),
      MALFORMED,
    ],
    [
      "a chain that is too long",
      withChain(V01, ...Array.from({ length: 8 }, () => intermediate.certificate)),
      "limit-exceeded",
    ],
    ["nobody", remove(HONEST, CERTIFICATE), MALFORMED],
    ["a certificate and a key", set(HONEST, [MATERIAL, "publicKey"], { hint: "" }), MALFORMED],
    ["a key", set(remove(HONEST, CERTIFICATE), [MATERIAL, "publicKey"], { hint: "x" }), "accepted"],
    [
      "a key with something else",
      set(remove(HONEST, CERTIFICATE), [MATERIAL, "publicKey"], { hint: "x", rawBytes: "" }),
      MALFORMED,
    ],
    [
      "a certificate that is none",
      set(HONEST, [...CERTIFICATE, "rawBytes"], "AAAA"),
      "certificate-malformed",
    ],
    ["nothing unset by null", set(HONEST, [MATERIAL, "publicKey"], null), "accepted"],
  ])("%s", (_, json, expected) => {
    expect(outcome(json)).toBe(expected);
  });
});

describe("log entries", () => {
  const repeat = (count: number) =>
    set(
      HONEST,
      [MATERIAL, "tlogEntries"],
      Array.from({ length: count }, () => at(ENTRY)),
    );
  test.each([
    ["none", set(HONEST, [MATERIAL, "tlogEntries"], []), "accepted"],
    ["32", repeat(32), "accepted"],
    ["33", repeat(33), "limit-exceeded"],
    ["without a proof in v0.3", remove(HONEST, PROOF), "log-proof-missing"],
    ["without a promise in v0.3", remove(HONEST, [...ENTRY, "inclusionPromise"]), "accepted"],
    [
      "without a promise in v0.1",
      set(remove(HONEST, [...ENTRY, "inclusionPromise"]), ["mediaType"], V01),
      "log-proof-missing",
    ],
    ["without a proof in v0.1", set(remove(HONEST, PROOF), ["mediaType"], V01), "accepted"],
    ["without a checkpoint", remove(HONEST, [...PROOF, "checkpoint"]), MALFORMED],
    ["with a negative index", set(HONEST, [...ENTRY, "logIndex"], "-1"), MALFORMED],
    ["with an index in words", set(HONEST, [...ENTRY, "logIndex"], "one"), MALFORMED],
    ["with an index as a number", edit(HONEST, [...ENTRY, "logIndex"], (index) => Number(index)), "accepted"],
    ["with an index of zero left out", remove(HONEST, [...ENTRY, "logIndex"]), "accepted"],
    ["with a short hash in the path", set(HONEST, [...PROOF, "hashes", 0], "AAAA"), MALFORMED],
    [
      "with a path longer than any tree",
      set(
        HONEST,
        [...PROOF, "hashes"],
        Array.from({ length: 65 }, () => at([...PROOF, "rootHash"])),
      ),
      "limit-exceeded",
    ],
    ["with an unknown field", set(HONEST, [...ENTRY, "extra"], 1), MALFORMED],
  ])("%s", (_, json, expected) => {
    expect(outcome(json)).toBe(expected);
  });

  test("a time of zero is no time", () => {
    const json = set(HONEST, [...ENTRY, "integratedTime"], "0");
    expect(parseBundle(Buffer.from(JSON.stringify(json))).entries[0]?.integratedTime).toBeUndefined();
  });
});

describe("content and timestamps", () => {
  const signature = at(["dsseEnvelope", "signatures", 0]);
  const message = { messageDigest: { algorithm: "SHA2_256", digest: "AAAA" }, signature: "AAAA" };
  test.each([
    ["no timestamps", remove(HONEST, [MATERIAL, "timestampVerificationData"]), "accepted"],
    [
      "33 timestamps",
      set(
        HONEST,
        TIMESTAMPS,
        Array.from({ length: 33 }, () => at([...TIMESTAMPS, 0])),
      ),
      "limit-exceeded",
    ],
    ["no signature", set(HONEST, ["dsseEnvelope", "signatures"], []), "signature-count"],
    [
      "two signatures",
      set(HONEST, ["dsseEnvelope", "signatures"], [signature, signature]),
      "signature-count",
    ],
    ["no content", remove(HONEST, ["dsseEnvelope"]), MALFORMED],
    ["a message", set(remove(HONEST, ["dsseEnvelope"]), ["messageSignature"], message), "accepted"],
    ["both contents", set(HONEST, ["messageSignature"], message), MALFORMED],
    ["an unknown field", set(HONEST, ["extra"], {}), MALFORMED],
    [
      "a payload that is not canonical",
      edit(HONEST, ["dsseEnvelope", "payload"], (payload) => `${payload}\n`),
      MALFORMED,
    ],
  ])("%s", (_, json, expected) => {
    expect(outcome(json)).toBe(expected);
  });
});
