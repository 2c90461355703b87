import { X509Certificate } from "node:crypto";
import { type Certificate, isValidAt } from "../certificate/certificate.ts";
import { rawIssuerOf, readIdentity } from "../certificate/fulcio-certificate.ts";
import type { Bundle } from "../evidence/bundle.ts";
import type { LegacyLayer } from "../evidence/legacy-layer.ts";
import type { LogEntry } from "../evidence/material.ts";
import { createLru } from "../lru.ts";
import { refuse } from "../refusal.ts";
import type { RuleSigner } from "../rule.ts";
import type { TrustedRoot } from "../trust/trusted-root.ts";

/*
 * What Flux's controller asks of keyless evidence beyond what both verdicts rest on (source-controller 1.9 with
 * cosign 3.0.6 and sigstore-go 1.2). Its keyed verification looks at no log, time or chain.
 */

const REKOR_1_ORIGIN = /^.* - [0-9]+$/;

/** Every signature of a Rekor v1 checkpoint must be the log's: a witness beside it makes the whole fail. */
const isCosigned = ({ proof }: LogEntry): boolean => {
  if (proof === undefined) return false;
  const [note = "", signatures = ""] = proof.checkpoint.split("\n\n");
  return REKOR_1_ORIGIN.test(note.split("\n", 1)[0] ?? "") && signatures.trimEnd().includes("\n");
};

const isOutside = ({ integratedTime }: LogEntry, certificate: Certificate): boolean =>
  integratedTime !== undefined && !isValidAt(certificate, integratedTime * 1000);

/**
 * Where any entry names a time, a promise must sign one and timestamps are not looked at; and each named time,
 * signed or not, must lie inside the certificate's validity.
 */
export const screenBundleAsFlux = ({ entries, certificate }: Bundle, root: TrustedRoot | undefined): void => {
  if (certificate === undefined || root === undefined) return;
  const known = entries.filter(({ logId }) => root.logs.has(logId.toString("hex")));
  if (known.some(isCosigned)) refuse("flux-checkpoint-cosigned", "checkpoint has several signatures");
  if (known.some((entry) => isOutside(entry, certificate)))
    refuse("flux-log-time", "an entry's time lies outside the certificate's validity");
  const timed = entries.some(({ integratedTime }) => integratedTime !== undefined);
  if (timed && !known.some(({ promise }) => promise !== undefined))
    refuse("flux-log-time", "no entry's time is signed");
};

/** One line break after the label, not any white space: what two parts can share is tried in every split. */
const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,64})-----\r?\n([A-Za-z0-9+/=\s]+?)-----END \1-----/g;
const MAX_KNOWN_CHAINS = 64;
const readableChains = createLru<boolean>(MAX_KNOWN_CHAINS);

const isCertificate = (base64: string): boolean => {
  try {
    return new X509Certificate(Buffer.from(base64, "base64")).raw.length > 0;
  } catch {
    return false;
  }
};

/** PEM blocks of certificates up to the end of the text; what stands between them is skipped. */
export const readChain = (text: string): boolean => {
  const blocks = [...text.matchAll(BLOCK)];
  const last = blocks.at(-1);
  const rest = last === undefined ? text : text.slice(last.index + last[0].length);
  return rest.trim() === "" && blocks.every(([, , base64 = ""]) => isCertificate(base64));
};

/** All signatures under one authority carry the same chain, so it is read once. */
const isReadableChain = (text: string): boolean => {
  const known = readableChains.get(text) ?? readChain(text);
  readableChains.set(text, known);
  return known;
};

/** The raw issuer extension is the one that is read here; without it the issuer is empty. */
const matchesRawIssuer = (certificate: Certificate, signer: RuleSigner): boolean => {
  if (signer.kind === "keys" || signer.anybody || rawIssuerOf(certificate) !== undefined) return true;
  const name = readIdentity(certificate).subject;
  return signer.identities.some(({ issuer, subject }) => issuer.matches("") && subject.matches(name));
};

/** The chain beside an older signature must be readable, though authorities come from the trusted root. */
export const screenLayerAsFlux = ({ chain, certificate }: LegacyLayer, signer: RuleSigner): void => {
  if (certificate === undefined) return;
  if (chain !== undefined && !isReadableChain(chain))
    refuse("flux-chain-unreadable", "chain annotation is not PEM certificates");
  if (!matchesRawIssuer(certificate, signer))
    refuse("flux-issuer", "certificate has no raw issuer extension");
};
