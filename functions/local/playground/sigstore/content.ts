import type { Digest } from "../../../../shared/artifact/digest.ts";
import { MEDIA_TYPE } from "../../../../shared/artifact/media-types.ts";
import { concat } from "./der.ts";
import { type Json, type JsonObject, toJsonBytes } from "./json.ts";
import { toBase64 } from "./keys.ts";

export const COSIGN_PREDICATE = "https://sigstore.dev/cosign/sign/v1";

export type Annotations = Readonly<Record<string, string>>;

/** The `simplesigning` payload of a legacy signature; `annotations` are those of `cosign sign -a`. */
export const toSimpleSigning = (
  dockerReference: string,
  digest: Digest,
  annotations: Annotations = {},
): JsonObject => ({
  critical: {
    identity: { "docker-reference": dockerReference },
    image: { "docker-manifest-digest": digest },
    type: "cosign container image signature",
  },
  optional: Object.keys(annotations).length === 0 ? null : annotations,
});

/** The in-toto statement a bundle signs: for signatures an empty predicate, for attestations the given one. */
export const toStatement = (request: {
  readonly digest: Digest;
  readonly name: string;
  readonly predicateType?: string;
  readonly predicate?: Json;
  readonly annotations?: Annotations;
}): JsonObject => {
  const { digest, name, predicateType = COSIGN_PREDICATE, predicate = {}, annotations = {} } = request;
  const sha256 = digest.slice("sha256:".length);
  if (predicateType !== COSIGN_PREDICATE) {
    return {
      _type: "https://in-toto.io/Statement/v0.1",
      predicateType,
      subject: [{ name, digest: { sha256 } }],
      predicate,
    };
  }
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ digest: { sha256 }, annotations }],
    predicateType,
    predicate,
  };
};

/** DSSE pre-authentication encoding: what is signed instead of the payload itself. */
export const toPae = (payloadType: string, payload: Uint8Array): Uint8Array =>
  concat(
    Buffer.from(`DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `, "utf8"),
    payload,
  );

export const toEnvelope = (payload: Uint8Array, ...signatures: readonly Uint8Array[]): JsonObject => ({
  payload: toBase64(payload),
  payloadType: MEDIA_TYPE.inToto,
  signatures: signatures.map((signature) => ({ sig: toBase64(signature) })),
});

export const toPayloadBytes = (payload: Json): Uint8Array => toJsonBytes(payload);
