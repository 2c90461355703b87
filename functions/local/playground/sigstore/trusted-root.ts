import type { Name } from "./certificate.ts";
import type { JsonObject } from "./json.ts";
import { type KeyPair, toBase64, toKeyDetails } from "./keys.ts";

interface Window {
  readonly startMs?: number;
  readonly endMs?: number;
}

export interface TrustedLog extends Window {
  readonly url: string;
  readonly key: KeyPair;
  readonly logId: Uint8Array;
  /** Where a test wants the root to lie about the key's type. */
  readonly keyDetails?: string;
}

export interface TrustedChain extends Window {
  readonly url: string;
  readonly subject: Name;
  /** Issuing certificate first, root last. */
  readonly chain: readonly Uint8Array[];
}

const toValidFor = ({ startMs, endMs }: Window): JsonObject => ({
  ...(startMs === undefined ? {} : { start: new Date(startMs).toISOString() }),
  ...(endMs === undefined ? {} : { end: new Date(endMs).toISOString() }),
});

const toLogJson = (log: TrustedLog): JsonObject => ({
  baseUrl: log.url,
  hashAlgorithm: "SHA2_256",
  publicKey: {
    rawBytes: toBase64(log.key.spki),
    keyDetails: log.keyDetails ?? toKeyDetails(log.key),
    validFor: toValidFor(log),
  },
  logId: { keyId: toBase64(log.logId) },
});

const toChainJson = (authority: TrustedChain): JsonObject => ({
  subject: {
    organization: authority.subject.organization ?? "",
    commonName: authority.subject.commonName ?? "",
  },
  uri: authority.url,
  certChain: { certificates: authority.chain.map((der) => ({ rawBytes: toBase64(der) })) },
  validFor: toValidFor(authority),
});

export interface TrustedRootContents {
  readonly tlogs: readonly TrustedLog[];
  readonly certificateAuthorities: readonly TrustedChain[];
  readonly ctlogs: readonly TrustedLog[];
  readonly timestampAuthorities: readonly TrustedChain[];
}

/** `trusted_root.json` as sigstore/protobuf-specs defines it, version 0.1. */
export const toTrustedRoot = (contents: TrustedRootContents): JsonObject => ({
  mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
  tlogs: contents.tlogs.map(toLogJson),
  certificateAuthorities: contents.certificateAuthorities.map(toChainJson),
  ctlogs: contents.ctlogs.map(toLogJson),
  timestampAuthorities: contents.timestampAuthorities.map(toChainJson),
});
