import { MEDIA_TYPE } from "../../../../shared/artifact/media-types.ts";
import { formatRepository } from "../../../../shared/artifact/repository.ts";
import { issueCertificate, toPrecertificateTbs } from "./certificate-authority.ts";
import { toEnvelope, toPae, toPayloadBytes, toSimpleSigning, toStatement } from "./content.ts";
import { signSct } from "./ct-log.ts";
import type { SignerMaterial } from "./entry-bodies.ts";
import { toLeafFields } from "./identity.ts";
import type { JsonObject } from "./json.ts";
import { createKeyPair } from "./keys.ts";
import type { Services } from "./services.ts";
import type { SignRequest } from "./sign-request.ts";
import { encodeTimestamp } from "./timestamp-authority.ts";

/** The bytes under the signature and what travels beside them. */
export interface SignedContent {
  readonly payload: Uint8Array;
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  /** Only where the content is DSSE. */
  readonly envelope?: JsonObject;
}

/** Keyless: a leaf from the CA with an SCT from the CT log. Keyed: the key itself. */
export const issueSigner = (services: Services, request: SignRequest): SignerMaterial => {
  const { identity, steps = {} } = request;
  if (identity === undefined) return { kind: "key", key: request.key ?? createKeyPair("p256") };
  const atMs = request.atMs ?? services.nowMs();
  const key = request.key ?? createKeyPair("p256");
  const issuer = steps.issuer?.(services.authority.intermediate) ?? services.authority.intermediate;
  const honest = toLeafFields({ identity, key, issuer, atMs, random: services.random });
  const fields = steps.leafFields?.(honest) ?? honest;
  const sct = services.ctLog.issueSct({
    tbs: toPrecertificateTbs(fields, issuer),
    issuerSpki: issuer.key.spki,
    timestampMs: atMs,
  });
  const scts = steps.scts?.(sct, services.ctLog) ?? [signSct(sct, services.ctLog.key)];
  const leaf = issueCertificate(fields, issuer, scts);
  return { kind: "certificate", key, leaf: steps.leaf?.(leaf) ?? leaf };
};

const isDsse = ({ format, predicateType }: SignRequest): boolean =>
  format.startsWith("bundle") || predicateType !== undefined;

const toHonestPayload = (request: SignRequest): JsonObject =>
  isDsse(request)
    ? toStatement({ ...request, name: formatRepository(request) })
    : toSimpleSigning(formatRepository(request), request.digest, request.annotations);

/** Payload or statement, its signature and, for DSSE, the envelope. */
export const signContent = (request: SignRequest, signer: SignerMaterial): SignedContent => {
  const { steps = {} } = request;
  const honestPayload = toHonestPayload(request);
  const encoded = toPayloadBytes(steps.payload?.(honestPayload) ?? honestPayload);
  const payload = steps.payloadBytes?.(encoded) ?? encoded;
  const key = steps.contentKey?.(signer.key) ?? signer.key;
  const payloadType = steps.payloadType?.(MEDIA_TYPE.inToto) ?? MEDIA_TYPE.inToto;
  const signed = isDsse(request) ? toPae(payloadType, payload) : payload;
  const honestSignature = key.sign(signed);
  const signature = steps.signature?.(honestSignature, signed, key) ?? honestSignature;
  if (!isDsse(request)) return { payload, signed, signature };
  const envelope = { ...toEnvelope(payload, signature), payloadType };
  return { payload, signed, signature, envelope: steps.envelope?.(envelope) ?? envelope };
};

/** The timestamp covers the raw signature; for a legacy attestation, the envelope's bytes. */
export const stampContent = (
  services: Services,
  request: SignRequest,
  stamped: Uint8Array,
): readonly Uint8Array[] => {
  const { steps = {}, format } = request;
  const isWanted = request.timestamp ?? format === "bundle-rekor2";
  const honest = services.timestampAuthority.request(stamped, request.atMs ?? services.nowMs());
  const timestamps = isWanted ? [encodeTimestamp(steps.token?.(honest) ?? honest)] : [];
  return steps.timestamps?.(timestamps) ?? timestamps;
};
