import type { Bundle, MessageSignature } from "./bundle.ts";
import { type Envelope, toSignedEnvelope } from "./envelope.ts";
import { type Signed, type SignedMaterial, sha256, toSigned } from "./material.ts";

const ownParts = ({ certificate, entries, timestamps }: Bundle) => ({
  certificate,
  entries,
  timestamps,
  envelopeDigest: undefined,
});

export const toEnvelopeMaterial = (bundle: Bundle, envelope: Envelope): SignedMaterial => ({
  ...ownParts(bundle),
  form: "envelope",
  signature: envelope.signature,
  signed: toSigned(toSignedEnvelope(envelope)),
  payloadDigest: sha256(envelope.payload),
  timestamped: envelope.signature,
});

export const toMessageMaterial = (
  bundle: Bundle,
  { signature, digest }: MessageSignature,
  signed: Signed,
): SignedMaterial => ({
  ...ownParts(bundle),
  form: "message",
  signature,
  signed,
  payloadDigest: digest,
  timestamped: signature,
});
