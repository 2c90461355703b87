import { MEDIA_TYPE } from "../../../../shared/artifact/media-types.ts";
import { toBundle } from "./bundle.ts";
import { toPem } from "./certificate.ts";
import { COSIGN_PREDICATE } from "./content.ts";
import { type SignerMaterial, toSignerPem } from "./entry-bodies.ts";
import { toJsonBytes } from "./json.ts";
import { toBase64 } from "./keys.ts";
import { logContent } from "./log-content.ts";
import { type LogEntry, toLegacyBundle } from "./log-entry.ts";
import {
  ANNOTATION,
  EMPTY_CONFIG_BLOB,
  type LegacyLayer,
  toBlob,
  toBundleManifest,
  toEvidenceTag,
  toLegacyManifest,
  toPushable,
} from "./oci.ts";
import type { Services } from "./services.ts";
import { issueSigner, type SignedContent, signContent, stampContent } from "./sign-content.ts";
import type { SignedEvidence, SignRequest } from "./sign-request.ts";

const packBundle = (
  services: Services,
  request: SignRequest,
  signer: SignerMaterial,
  content: SignedContent,
): SignedEvidence => {
  const { steps = {}, predicateType = COSIGN_PREDICATE } = request;
  const honest = toBundle({
    signer,
    envelope: content.envelope ?? {},
    entries: logContent(services, request, signer, content),
    timestamps: stampContent(services, request, content.signature),
  });
  const encoded = toJsonBytes(steps.bundle?.(honest) ?? honest);
  const bundle = toBlob(steps.bundleBytes?.(encoded) ?? encoded, MEDIA_TYPE.sigstoreBundle);
  const { mediaType, digest, size } = request;
  const manifest = toBundleManifest({
    bundle,
    subject: { mediaType, digest, size },
    predicateType,
    createdMs: request.atMs ?? services.nowMs(),
  });
  return {
    manifest: toPushable(steps.manifest?.(manifest) ?? manifest, [bundle, EMPTY_CONFIG_BLOB], {
      subject: digest,
    }),
    bundle,
    ...(signer.kind === "certificate" ? { leaf: signer.leaf } : {}),
  };
};

const toLayer = (
  services: Services,
  request: SignRequest,
  signer: SignerMaterial,
  content: SignedContent,
  entries: readonly LogEntry[],
): LegacyLayer => {
  const { envelope, payload, signature } = content;
  const bytes = envelope === undefined ? payload : toJsonBytes(envelope);
  const mediaType = envelope === undefined ? MEDIA_TYPE.simpleSigning : MEDIA_TYPE.dsseEnvelope;
  const stamped = envelope === undefined ? signature : bytes;
  const entry = entries[0];
  const timestamp = stampContent(services, request, stamped)[0];
  return {
    payload: toBlob(bytes, mediaType),
    annotations: {
      [ANNOTATION.signature]: envelope === undefined ? toBase64(signature) : "",
      ...(signer.kind === "key"
        ? {}
        : {
            [ANNOTATION.certificate]: toSignerPem(signer),
            [ANNOTATION.chain]: services.authority.chain.map((der) => toPem(der)).join(""),
          }),
      ...(entry === undefined ? {} : { [ANNOTATION.bundle]: JSON.stringify(toLegacyBundle(entry)) }),
      ...(timestamp === undefined
        ? {}
        : { [ANNOTATION.timestamp]: JSON.stringify({ SignedRFC3161Timestamp: toBase64(timestamp) }) }),
      ...(request.predicateType === undefined ? {} : { predicateType: request.predicateType }),
    },
  };
};

const packLegacy = (
  services: Services,
  request: SignRequest,
  signer: SignerMaterial,
  content: SignedContent,
): SignedEvidence => {
  const { steps = {}, mediaType, digest, size, format } = request;
  const honest = toLayer(services, request, signer, content, logContent(services, request, signer, content));
  const layer = steps.layer?.(honest) ?? honest;
  const layers = steps.layers?.([layer]) ?? [layer];
  const subject = format === "legacy-referrer" ? { mediaType, digest, size } : undefined;
  const { manifest, config } = toLegacyManifest(layers, subject);
  const suffix = request.predicateType === undefined ? "sig" : "att";
  return {
    manifest: toPushable(
      steps.manifest?.(manifest) ?? manifest,
      [config, ...layers.map(({ payload }) => payload)],
      subject === undefined ? { tag: toEvidenceTag(digest, suffix) } : { subject: digest },
    ),
    layer,
    ...(signer.kind === "certificate" ? { leaf: signer.leaf } : {}),
  };
};

/** Signs one artifact from certificate to manifest. */
export const signArtifact = (services: Services, request: SignRequest): SignedEvidence => {
  const signer = issueSigner(services, request);
  const content = signContent(request, signer);
  return request.format.startsWith("bundle")
    ? packBundle(services, request, signer, content)
    : packLegacy(services, request, signer, content);
};
