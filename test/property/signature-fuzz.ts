import fc from "fast-check";
import { parseCertificate } from "../../shared/signature/certificate/certificate.ts";
import {
  basicConstraintsOf,
  extendedKeyUsageOf,
} from "../../shared/signature/certificate/certificate-constraints.ts";
import { readIdentity } from "../../shared/signature/certificate/fulcio-certificate.ts";
import { decodePem } from "../../shared/signature/encoding/pem.ts";
import { parseBundle } from "../../shared/signature/evidence/bundle.ts";
import { parseEvidenceManifest } from "../../shared/signature/evidence/evidence-manifest.ts";
import { parseLegacyLayer } from "../../shared/signature/evidence/legacy-layer.ts";
import { parseSimpleSigning } from "../../shared/signature/evidence/simple-signing.ts";
import { parseStatement } from "../../shared/signature/evidence/statement.ts";
import { isBundleToFlux } from "../../shared/signature/flux/flux-bundle.ts";
import { readChain } from "../../shared/signature/flux/flux-keyless.ts";
import { parseCheckpoint } from "../../shared/signature/log/checkpoint.ts";
import { Refusal } from "../../shared/signature/refusal.ts";
import { parseTimestampToken } from "../../shared/signature/timestamp/timestamp-token.ts";
import { nextArtifact, sign } from "../unit/signature/support.ts";
import { signBundle, signLayer } from "./signature-evidence.ts";

/*
 * What every reader of untrusted bytes is fed: noise, and honest input cut up, spliced and repeated. A reader
 * answers or refuses; any other throw is a finding, and so is a run that takes too long.
 */
export interface FuzzTarget {
  readonly name: string;
  readonly seeds: readonly Buffer[];
  readonly read: (input: Buffer) => unknown;
}

const { json, bytes } = signBundle("bundle-rekor2");
const { annotations, payload } = signLayer();
const artifact = nextArtifact();
const { manifest } = sign(artifact, { format: "legacy" });

const at = (value: unknown, ...path: readonly (string | number)[]): string =>
  path.reduce((found, key) => (found as Record<string | number, unknown>)[key], value) as string;

const base64At = (...path: readonly (string | number)[]): Buffer => Buffer.from(at(json, ...path), "base64");
const ENTRY = ["verificationMaterial", "tlogEntries", 0] as const;
const STAMP = [
  "verificationMaterial",
  "timestampVerificationData",
  "rfc3161Timestamps",
  0,
  "signedTimestamp",
] as const;
const CERTIFICATE = base64At("verificationMaterial", "certificate", "rawBytes");
const CHAIN = "dev.sigstore.cosign/chain";
const LOG_BUNDLE = "dev.sigstore.cosign/bundle";

const readCertificate = (input: Buffer): void => {
  const certificate = parseCertificate(input);
  basicConstraintsOf(certificate);
  extendedKeyUsageOf(certificate);
  readIdentity(certificate);
};

export const TARGETS: readonly FuzzTarget[] = [
  { name: "bundle", seeds: [bytes], read: parseBundle },
  { name: "Flux bundle", seeds: [bytes], read: isBundleToFlux },
  { name: "certificate", seeds: [CERTIFICATE], read: readCertificate },
  {
    name: "SET",
    seeds: [Buffer.from(annotations[LOG_BUNDLE] ?? "")],
    read: (input) => parseLegacyLayer({ [LOG_BUNDLE]: input.toString("utf8") }),
  },
  {
    name: "checkpoint",
    seeds: [Buffer.from(at(json, ...ENTRY, "inclusionProof", "checkpoint", "envelope"))],
    read: (input) => parseCheckpoint(input.toString("utf8")),
  },
  {
    name: "chain",
    seeds: [Buffer.from(annotations[CHAIN] ?? "")],
    read: (input) => readChain(input.toString("utf8")),
  },
  { name: "timestamp", seeds: [base64At(...STAMP)], read: parseTimestampToken },
  { name: "manifest", seeds: [Buffer.from(manifest.bytes)], read: parseEvidenceManifest },
  { name: "payload", seeds: [payload], read: parseSimpleSigning },
  { name: "statement", seeds: [base64At("dsseEnvelope", "payload")], read: parseStatement },
  {
    name: "PEM",
    seeds: [Buffer.from(annotations["dev.sigstore.cosign/certificate"] ?? "")],
    read: (input) => decodePem(input.toString("utf8"), "CERTIFICATE"),
  },
];

type Mutation = (input: Buffer) => Buffer;

const position = (length: number, fraction: number): number => Math.floor(fraction * length);
const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(fraction, fc.nat(255)).map<Mutation>(([where, value]) => (input) => {
    const copy = Buffer.from(input);
    if (copy.length > 0) copy[position(copy.length, where)] = value;
    return copy;
  }),
  fraction.map<Mutation>((where) => (input) => input.subarray(0, position(input.length, where))),
  fc.tuple(fraction, fraction).map<Mutation>(
    ([from, to]) =>
      (input) =>
        Buffer.concat([
          input.subarray(0, position(input.length, from)),
          input.subarray(position(input.length, to)),
        ]),
  ),
  fc.tuple(fraction, fc.uint8Array({ maxLength: 16 })).map<Mutation>(
    ([where, extra]) =>
      (input) =>
        Buffer.concat([
          input.subarray(0, position(input.length, where)),
          extra,
          input.subarray(position(input.length, where)),
        ]),
  ),
  fc.tuple(fraction, fc.integer({ min: 2, max: 40 })).map<Mutation>(([where, times]) => (input) => {
    const start = position(input.length, where);
    const piece = input.subarray(start, start + 200);
    return Buffer.concat([
      input.subarray(0, start),
      ...Array.from({ length: times }, () => piece),
      input.subarray(start),
    ]);
  }),
);

/** Noise, or an honest input with a few mutations. */
export const inputFor = ({ seeds }: FuzzTarget): fc.Arbitrary<Buffer> =>
  fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 512 }).map((noise) => Buffer.from(noise)) },
    {
      weight: 6,
      arbitrary: fc
        .tuple(fc.constantFrom(...seeds), fc.array(mutation, { minLength: 1, maxLength: 4 }))
        .map(([seed, mutations]) => mutations.reduce((input, mutate) => mutate(input), seed)),
    },
  );

/** True when the reader answered or refused. Anything else it throws goes through. */
export const survives = ({ read }: FuzzTarget, input: Buffer): boolean => {
  try {
    read(input);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  return true;
};
