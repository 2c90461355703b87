/** How much of what a registry offers is read for one artifact. Whoever may push may add evidence without end. */
export const LIMITS = {
  /** Manifests read of those that refer to the artifact. */
  referrers: 64,
  /** Layers that one manifest may have. */
  layers: 1000,
  /** Signatures examined in one manifest of the older format, newest first: each new one is appended. */
  examinedLayers: 64,
  /** A bundle where a signature is wanted. */
  bundleBytes: 4 * 1024 * 1024,
  payloadBytes: 256 * 1024,
  /** An attestation in either format: bills of materials grow long. */
  attestationBytes: 16 * 1024 * 1024,
  /** Of everything fetched for one artifact under one rule. */
  totalBytes: 64 * 1024 * 1024,
  manifestBytes: 4 * 1024 * 1024,
} as const;
