import { createHash, verify as verifySignature, X509Certificate } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createCertificateAuthority } from "../../../../functions/local/playground/sigstore/certificate-authority.ts";
import { signCheckpoint, toNoteSigner } from "../../../../functions/local/playground/sigstore/checkpoint.ts";
import {
  integer,
  octetString,
  oid,
  setOf,
  utf8String,
  x509Time,
} from "../../../../functions/local/playground/sigstore/der.ts";
import { githubIdentity } from "../../../../functions/local/playground/sigstore/identity.ts";
import { toCanonicalJson } from "../../../../functions/local/playground/sigstore/json.ts";
import { createKeyPair, type KeyKind } from "../../../../functions/local/playground/sigstore/keys.ts";
import { createLocalSigstore } from "../../../../functions/local/playground/sigstore/local-sigstore.ts";
import { createMerkleTree, leafHash } from "../../../../functions/local/playground/sigstore/merkle.ts";
import { createSeededBytes, NOW_MS } from "../../signature-corpus/world.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const random = createSeededBytes(7);

describe("DER", () => {
  test.each([
    { encoded: integer(0n), expected: "020100" },
    { encoded: integer(127n), expected: "02017f" },
    { encoded: integer(128n), expected: "02020080" },
    { encoded: integer(256n), expected: "02020100" },
    { encoded: oid("1.2.840.113549"), expected: "06062a864886f70d" },
    { encoded: oid("2.5.29.17"), expected: "0603551d11" },
    { encoded: utf8String("é"), expected: "0c02c3a9" },
    { encoded: setOf(integer(2n), integer(1n)), expected: "3106020101020102" },
    { encoded: octetString(Buffer.alloc(128)).subarray(0, 3), expected: "048180" },
    { encoded: octetString(Buffer.alloc(256)).subarray(0, 4), expected: "04820100" },
    {
      encoded: x509Time(Date.UTC(2049, 11, 31, 23, 59, 59)),
      expected: `170d${hex(Buffer.from("491231235959Z"))}`,
    },
    { encoded: x509Time(Date.UTC(2050, 0, 1)), expected: `180f${hex(Buffer.from("20500101000000Z"))}` },
  ])("$expected", ({ encoded, expected }) => {
    expect(hex(encoded)).toBe(expected);
  });
});

describe("Merkle tree", () => {
  // Leaves and roots that RFC 6962 implementations test with.
  const leaves = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
  ];

  test.each([
    { size: 1, root: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
    { size: 2, root: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
    { size: 8, root: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" },
  ])("root of the first $size known leaves", ({ size, root }) => {
    const tree = createMerkleTree();
    for (const leaf of leaves.slice(0, size)) tree.append(leafHash(Buffer.from(leaf, "hex")));
    expect(hex(tree.root())).toBe(root);
  });

  const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer =>
    createHash("sha256").update(Buffer.of(1)).update(left).update(right).digest();

  /** Root by the definition alone, without anything remembered. */
  const naiveRoot = (hashes: readonly Uint8Array[]): Uint8Array => {
    const [only] = hashes;
    if (only !== undefined && hashes.length === 1) return only;
    let split = 1;
    while (split * 2 < hashes.length) split *= 2;
    return nodeHash(naiveRoot(hashes.slice(0, split)), naiveRoot(hashes.slice(split)));
  };

  /** Root that a proof leads to (RFC 9162 §2.1.3.2). */
  const rootOfProof = (
    hash: Uint8Array,
    index: number,
    size: number,
    proof: readonly Uint8Array[],
  ): Uint8Array => {
    let [node, last, current] = [index, size - 1, hash];
    for (const sibling of proof) {
      const isRight = node % 2 === 1 || node === last;
      current = isRight ? nodeHash(sibling, current) : nodeHash(current, sibling);
      if (isRight) while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
      [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
    }
    return current;
  };

  test("every proof of every size leads to the root", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(), (size, seed) => {
        const hashes = Array.from({ length: size }, (_, index) => leafHash(Buffer.from(`${index}`)));
        const tree = createMerkleTree();
        for (const hash of hashes) tree.append(hash);
        expect(hex(tree.root())).toBe(hex(naiveRoot(hashes)));
        const index = seed % size;
        const proof = tree.inclusionProof(index);
        expect(hex(rootOfProof(hashes[index] ?? hashes[0] ?? Buffer.alloc(0), index, size, proof))).toBe(
          hex(tree.root()),
        );
      }),
      { numRuns: 60, seed: 1 },
    );
  });
});

describe("certificates", () => {
  const authority = createCertificateAuthority({ random, nowMs: NOW_MS });
  const root = new X509Certificate(authority.root.certificate);
  const intermediate = new X509Certificate(authority.intermediate.certificate);

  test("the chain is what it says", () => {
    expect(root.checkIssued(root) && root.verify(root.publicKey)).toBe(true);
    expect(intermediate.checkIssued(root) && intermediate.verify(root.publicKey)).toBe(true);
    expect(intermediate.ca && root.ca).toBe(true);
    expect(intermediate.publicKey.asymmetricKeyDetails?.namedCurve).toBe("secp384r1");
  });

  test("a leaf carries its identity, its claims and the right issuer", () => {
    const sigstore = createLocalSigstore({ nowMs: () => NOW_MS, random });
    const identity = githubIdentity({ repository: "acme/app", ref: "refs/tags/v1" });
    const { leaf } = sigstore.sign({
      registry: "registry.example",
      repository: "acme/app",
      digest: `sha256:${"1".repeat(64)}`,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      size: 1,
      format: "bundle-rekor1",
      identity,
    });
    const certificate = new X509Certificate(leaf ?? Buffer.alloc(0));
    const issuer = new X509Certificate(sigstore.services.authority.intermediate.certificate);
    expect(certificate.subjectAltName).toBe(`URI:${identity.subject}`);
    expect(certificate.verify(issuer.publicKey)).toBe(true);
    expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.3"]);
    const text = Buffer.from(certificate.raw).toString("latin1");
    for (const claim of Object.values(identity.claims ?? {})) expect(text).toContain(claim);
  });
});

test.each<KeyKind>(["p256", "p384", "p521", "ed25519", "rsa2048"])(
  "a %s key signs what its public half verifies",
  (kind) => {
    const key = createKeyPair(kind);
    const data = Buffer.from("data");
    const hash = kind === "ed25519" ? null : "sha256";
    expect(verifySignature(hash, data, key.publicPem, key.sign(data))).toBe(true);
  },
);

test("canonical JSON sorts names on every level and keeps the order of lists", () => {
  expect(Buffer.from(toCanonicalJson({ b: [2, { d: 1, c: 0 }], a: "é" })).toString()).toBe(
    '{"a":"é","b":[2,{"c":0,"d":1}]}',
  );
});

test("a checkpoint is a note with one line per signer", () => {
  const key = createKeyPair("ed25519");
  const note = signCheckpoint(
    { origin: "log.example", treeSize: 3, rootHash: Buffer.alloc(32, 1) },
    toNoteSigner("log.example", key),
  );
  const [text = "", line = ""] = note.split("\n\n");
  expect(text).toBe(`log.example\n3\n${Buffer.alloc(32, 1).toString("base64")}`);
  const [dash, name, encoded = ""] = line.trimEnd().split(" ");
  expect([dash, name]).toEqual(["\u2014", "log.example"]);
  const bytes = Buffer.from(encoded, "base64");
  expect(verifySignature(null, Buffer.from(`${text}\n`), key.publicPem, bytes.subarray(4))).toBe(true);
});
