import { MEDIA_TYPE } from "../../../../shared/artifact/media-types.ts";
import type { SignerMaterial } from "./entry-bodies.ts";
import type { JsonObject } from "./json.ts";
import { hashOf, toBase64 } from "./keys.ts";
import { type LogEntry, toBundleEntry } from "./log-entry.ts";

const toMaterial = (signer: SignerMaterial): JsonObject =>
  signer.kind === "certificate"
    ? { certificate: { rawBytes: toBase64(signer.leaf) } }
    : { publicKey: { hint: toBase64(hashOf(signer.key.spki)) } };

/** A Sigstore bundle v0.3 as cosign v3 writes it. */
export const toBundle = (parts: {
  readonly signer: SignerMaterial;
  readonly envelope: JsonObject;
  readonly entries: readonly LogEntry[];
  readonly timestamps: readonly Uint8Array[];
}): JsonObject => ({
  mediaType: MEDIA_TYPE.sigstoreBundle,
  verificationMaterial: {
    ...toMaterial(parts.signer),
    tlogEntries: parts.entries.map(toBundleEntry),
    ...(parts.timestamps.length === 0
      ? {}
      : {
          timestampVerificationData: {
            rfc3161Timestamps: parts.timestamps.map((der) => ({ signedTimestamp: toBase64(der) })),
          },
        }),
  },
  dsseEnvelope: parts.envelope,
});
