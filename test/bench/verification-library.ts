import { createPublicKey } from "node:crypto";
import { bundleFromJSON } from "@sigstore/bundle";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";
import { toLibraryBundle } from "../support/sigstore-oracle.ts";
import { sigstore } from "../unit/signature/support.ts";
import { type Kind, PUBLIC_KEY, type Sample } from "./verification-evidence.ts";

/** @sigstore/verify on the same evidence, its trusted root parsed beforehand as ours is. */
const root = TrustedRoot.fromJSON(JSON.parse(sigstore.trustedRootJson));
const keyless = new Verifier(toTrustMaterial(root));
const keyed = new Verifier(
  toTrustMaterial(root, () => ({ publicKey: createPublicKey(PUBLIC_KEY), validFor: () => true })),
  { tlogThreshold: 0, timestampThreshold: 0 },
);

/** From the stored bytes to a verified signer. Throws where the library refuses. */
export const verifyWithLibrary = (kind: Kind, { evidence }: Sample): void => {
  const { bundle, layer } = evidence;
  if (layer !== undefined) {
    const parsed = bundleFromJSON(toLibraryBundle(layer));
    keyless.verify(toSignedEntity(parsed, Buffer.from(layer.payload.bytes)));
    return;
  }
  const parsed = bundleFromJSON(JSON.parse(Buffer.from(bundle?.bytes ?? []).toString("utf8")));
  (kind === "keyed" ? keyed : keyless).verify(toSignedEntity(parsed));
};
