import { generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import type { Kind } from "./verification-evidence.ts";

/*
 * What the arithmetic alone costs: the signatures that no verification of new evidence can do without, once root
 * and intermediate are known. One after the other, on keys and bytes that are at hand.
 */
const DATA_BYTES = 1024;

const createCheck = (
  hash: string | null,
  { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject },
) => {
  const data = Buffer.alloc(DATA_BYTES, 7);
  const signature = sign(hash, data, privateKey);
  return (): void => {
    if (!verify(hash, data, publicKey, signature)) throw new Error("the floor gave way");
  };
};

const p256 = createCheck("sha256", generateKeyPairSync("ec", { namedCurve: "P-256" }));
const p384 = createCheck("sha384", generateKeyPairSync("ec", { namedCurve: "P-384" }));
const ed25519 = createCheck(null, generateKeyPairSync("ed25519"));

const CHECKS: Readonly<Record<Kind, readonly (() => void)[]>> = {
  // SET, signature, SCT; certificate.
  legacy: [p256, p256, p256, p384],
  // SET, checkpoint, signature, SCT; certificate.
  "bundle-rekor1": [p256, p256, p256, p256, p384],
  // Checkpoint; signature, SCT; timestamp, certificate.
  "bundle-rekor2": [ed25519, p256, p256, p384, p384],
  keyed: [p256],
};

export const runFloor = (kind: Kind): void => {
  for (const check of CHECKS[kind]) check();
};
