import type { Bundle, MessageSignature } from "./bundle.ts";
import { type Envelope, toSignedEnvelope } from "./envelope.ts";
import { type Signed, type SignedMaterial, toSigned } from "./material.ts";

const ownParts = ({ certificate, entries, timestamps }: Bundle) => ({
  certificate,
  entries,
  timestamps,
  storedEnvelope: undefined,
});

export const toEnvelopeMaterial = (bundle: Bundle, envelope: Envelope): SignedMaterial => ({
  ...ownParts(bundle),
  form: "envelope",
  signature: envelope.signature,
  signed: toSigned(toSignedEnvelope(envelope)),
  payload: envelope.payload,
  timestamped: envelope.signature,
});

export const toMessageMaterial = (
  bundle: Bundle,
  { signature }: MessageSignature,
  signed: Signed,
): SignedMaterial => ({
  ...ownParts(bundle),
  form: "message",
  signature,
  signed,
  payload: signed.bytes,
  timestamped: signature,
});
