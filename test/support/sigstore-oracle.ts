import { createPublicKey } from "node:crypto";
import { bundleFromJSON } from "@sigstore/bundle";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";
import type { LegacyLayer } from "../../functions/local/playground/sigstore/oci.ts";

/*
 * @sigstore/verify as an independent opinion on what the local Sigstore makes and on what our verifier says.
 */

export interface OracleOptions {
  /** PEM, for keyed signatures. */
  readonly publicKey?: string;
  readonly timestampThreshold?: number;
  readonly tlogThreshold?: number;
}

const createOracle = (trustedRootJson: string, options: OracleOptions): Verifier => {
  const { publicKey, timestampThreshold = 1, tlogThreshold = 1 } = options;
  const root = TrustedRoot.fromJSON(JSON.parse(trustedRootJson));
  const material = toTrustMaterial(
    root,
    publicKey === undefined
      ? undefined
      : () => ({ publicKey: createPublicKey(publicKey), validFor: () => true }),
  );
  return new Verifier(material, { tlogThreshold, timestampThreshold });
};

/** Throws where the library refuses; answers with the subject alternative name it found. */
export const verifyBundleWithLibrary = (
  trustedRootJson: string,
  bundle: Uint8Array,
  options: OracleOptions = {},
): string | undefined => {
  const parsed = bundleFromJSON(JSON.parse(Buffer.from(bundle).toString("utf8")));
  return createOracle(trustedRootJson, options).verify(toSignedEntity(parsed)).identity
    ?.subjectAlternativeName;
};

const annotation = (layer: LegacyLayer, name: string): string | undefined => layer.annotations[name];

const toMaterial = (certificate: string | undefined): object => {
  if (certificate === undefined) return { publicKey: { hint: "" } };
  const rawBytes = certificate.replace(/-----[^-]+-----|\s/g, "");
  return { x509CertificateChain: { certificates: [{ rawBytes }] } };
};

interface LegacyLogBundle {
  readonly SignedEntryTimestamp: string;
  readonly Payload: {
    readonly body: string;
    readonly integratedTime: number;
    readonly logIndex: number;
    readonly logID: string;
  };
}

const toTlogEntry = ({ SignedEntryTimestamp, Payload }: LegacyLogBundle): object => {
  const body = JSON.parse(Buffer.from(Payload.body, "base64").toString("utf8"));
  return {
    logIndex: `${Payload.logIndex}`,
    logId: { keyId: Buffer.from(Payload.logID, "hex").toString("base64") },
    kindVersion: { kind: body.kind, version: body.apiVersion },
    integratedTime: `${Payload.integratedTime}`,
    inclusionPromise: { signedEntryTimestamp: SignedEntryTimestamp },
    canonicalizedBody: Payload.body,
  };
};

/** Legacy layer → bundle v0.1, which is the only form the library takes it in. */
export const toLibraryBundle = (layer: LegacyLayer): object => {
  const logBundle = annotation(layer, "dev.sigstore.cosign/bundle");
  const timestamp = annotation(layer, "dev.sigstore.cosign/rfc3161timestamp");
  return {
    mediaType: "application/vnd.dev.sigstore.bundle+json;version=0.1",
    verificationMaterial: {
      ...toMaterial(annotation(layer, "dev.sigstore.cosign/certificate")),
      tlogEntries: logBundle === undefined ? [] : [toTlogEntry(JSON.parse(logBundle))],
      ...(timestamp === undefined
        ? {}
        : {
            timestampVerificationData: {
              rfc3161Timestamps: [{ signedTimestamp: JSON.parse(timestamp).SignedRFC3161Timestamp }],
            },
          }),
    },
    messageSignature: {
      messageDigest: {
        algorithm: "SHA2_256",
        digest: Buffer.from(layer.payload.digest.slice(7), "hex").toString("base64"),
      },
      signature: annotation(layer, "dev.cosignproject.cosign/signature") ?? "",
    },
  };
};

export const verifyLegacyWithLibrary = (
  trustedRootJson: string,
  layer: LegacyLayer,
  options: OracleOptions = {},
): string | undefined => {
  const entity = toSignedEntity(bundleFromJSON(toLibraryBundle(layer)), Buffer.from(layer.payload.bytes));
  return createOracle(trustedRootJson, options).verify(entity).identity?.subjectAlternativeName;
};
