import { concat, integer, sequence } from "../../../../functions/local/playground/sigstore/der.ts";
import { createKeyPair, signP1363, toBase64 } from "../../../../functions/local/playground/sigstore/keys.ts";
import { ALL, type CorpusCase, type Expected, keyedBy, request, SIGNED_TIME, steps } from "../corpus-case.ts";

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Reads the two integers of a DER ECDSA signature whose lengths are all short. */
const readInteger = (der: Uint8Array, at: number): { readonly value: bigint; readonly next: number } => {
  const length = der[at + 1] ?? 0;
  const bytes = Buffer.from(der.subarray(at + 2, at + 2 + length));
  return { value: BigInt(`0x${bytes.toString("hex")}`), next: at + 2 + length };
};

const editIntegers = (
  der: Uint8Array,
  change: (r: bigint, s: bigint) => readonly [bigint, bigint],
): Uint8Array => {
  const r = readInteger(der, 2);
  const s = readInteger(der, r.next);
  const [newR, newS] = change(r.value, s.value);
  return sequence(integer(newR), integer(newS));
};

const ecdsa = (
  name: string,
  expected: Expected,
  change: (der: Uint8Array, signed: Uint8Array) => Uint8Array,
): CorpusCase => ({
  attackClass: 26,
  name: `ECDSA signature ${name}`,
  formats: ALL,
  expected,
  attack: steps({ signature: (der, signed) => change(der, signed) }),
});

const key = createKeyPair("p256");

export const signatureCases: readonly CorpusCase[] = [
  ecdsa("with the other s, which is as valid", "verified", (der) =>
    editIntegers(der, (r, s) => [r, P256_ORDER - s]),
  ),
  ecdsa("with r and s of zero", "signature-invalid", (der) => editIntegers(der, () => [0n, 0n])),
  ecdsa("with r of zero", "signature-invalid", (der) => editIntegers(der, (_r, s) => [0n, s])),
  ecdsa("with s increased by the order", "signature-invalid", (der) =>
    editIntegers(der, (r, s) => [r, s + P256_ORDER]),
  ),
  ecdsa("with r and s exchanged", "signature-invalid", (der) => editIntegers(der, (r, s) => [s, r])),
  ecdsa("with trailing bytes", "signature-invalid", (der) => concat(der, Buffer.of(0))),
  ecdsa("with a BER length", "signature-invalid", (der) => concat(Buffer.of(0x30, 0x81), der.subarray(1))),
  ecdsa("with a needless zero before r", "signature-invalid", (der) => {
    const r = readInteger(der, 2);
    const padded = concat(Buffer.of(0x02, r.next - 4 + 1 + 0, 0), der.subarray(4, r.next));
    return sequence(padded, der.subarray(r.next));
  }),
  {
    attackClass: 26,
    name: "signature that is empty",
    formats: ALL,
    expected: {
      "bundle-rekor1": "signature-invalid",
      "bundle-rekor2": "signature-invalid",
      legacy: "evidence-malformed",
    },
    attack: steps({ signature: () => new Uint8Array() }),
  },
  ecdsa("that is a single byte", "signature-invalid", () => Buffer.of(0x30)),
  {
    attackClass: 26,
    name: "ECDSA signature in P1363 form",
    formats: ALL,
    expected: "signature-invalid",
    setup: request({ key }),
    attack: steps({ signature: (_der, signed) => signP1363(key, signed) }),
  },
  {
    attackClass: 26,
    name: "signature on another curve than the key's",
    formats: ALL,
    expected: "signature-invalid",
    attack: steps({ contentKey: () => createKeyPair("p384") }),
  },
  {
    attackClass: 26,
    name: "signature over the digest of the payload instead of the payload",
    formats: SIGNED_TIME,
    expected: "signature-invalid",
    setup: request({ key }),
    attack: steps({ signature: (_der, signed) => key.sign(Buffer.from(toBase64(signed))) }),
  },
  {
    attackClass: 26,
    name: "keyed signature in P1363 form",
    formats: SIGNED_TIME,
    expected: "key-mismatch",
    setup: keyedBy(key),
    attack: steps({ signature: (_der, signed) => signP1363(key, signed) }),
  },
];
