import { toPem } from "./certificate.ts";
import { type JsonObject, toJsonBytes } from "./json.ts";
import { hashOf, hexHash, type KeyPair, toBase64, toKeyDetails } from "./keys.ts";
import type { EntryBody } from "./log-entry.ts";

/** Who signed: the leaf of a keyless signature, or a bare key. */
export type SignerMaterial =
  | { readonly kind: "certificate"; readonly leaf: Uint8Array; readonly key: KeyPair }
  | { readonly kind: "key"; readonly key: KeyPair };

export const toSignerPem = (signer: SignerMaterial): string =>
  signer.kind === "certificate" ? toPem(signer.leaf) : signer.key.publicPem;

const sha256Of = (data: Uint8Array): JsonObject => ({ algorithm: "sha256", value: hexHash(data) });

interface Logged {
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
  readonly signer: SignerMaterial;
}

export const hashedRekordBody = ({ data, signature, signer }: Logged): EntryBody => ({
  kind: "hashedrekord",
  apiVersion: "0.0.1",
  spec: {
    data: { hash: sha256Of(data) },
    signature: { content: toBase64(signature), publicKey: { content: toBase64(toSignerPem(signer)) } },
  },
});

/** What cosign logged before `hashedrekord` existed. */
export const rekordBody = ({ data, signature, signer }: Logged): EntryBody => ({
  kind: "rekord",
  apiVersion: "0.0.1",
  spec: {
    data: { hash: sha256Of(data) },
    signature: {
      content: toBase64(signature),
      format: "x509",
      publicKey: { content: toBase64(toSignerPem(signer)) },
    },
  },
});

/** `data` is what was signed: for DSSE the pre-authentication encoding. */
export const hashedRekordV2Body = ({ data, signature, signer }: Logged): EntryBody => ({
  kind: "hashedrekord",
  apiVersion: "0.0.2",
  spec: {
    hashedRekordV002: {
      data: { algorithm: "SHA2_256", digest: toBase64(hashOf(data)) },
      signature: {
        content: toBase64(signature),
        verifier: {
          keyDetails: toKeyDetails(signer.key),
          ...(signer.kind === "certificate"
            ? { x509Certificate: { rawBytes: toBase64(signer.leaf) } }
            : { publicKey: { rawBytes: toBase64(signer.key.spki) } }),
        },
      },
    },
  },
});

interface LoggedEnvelope {
  readonly envelope: JsonObject;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  readonly signer: SignerMaterial;
}

export const dsseBody = ({ envelope, payload, signature, signer }: LoggedEnvelope): EntryBody => ({
  kind: "dsse",
  apiVersion: "0.0.1",
  spec: {
    envelopeHash: sha256Of(toJsonBytes(envelope)),
    payloadHash: sha256Of(payload),
    signatures: [{ signature: toBase64(signature), verifier: toBase64(toSignerPem(signer)) }],
  },
});

/** Doubly encoded signature and key, as that entry kind has them. */
export const intotoBody = ({ envelope, payload, signature, signer }: LoggedEnvelope): EntryBody => ({
  kind: "intoto",
  apiVersion: "0.0.2",
  spec: {
    content: {
      envelope: {
        payloadType: "application/vnd.in-toto+json",
        signatures: [{ publicKey: toBase64(toSignerPem(signer)), sig: toBase64(toBase64(signature)) }],
      },
      hash: sha256Of(toJsonBytes(envelope)),
      payloadHash: sha256Of(payload),
    },
  },
});
