import type { Json } from "../encoding/json.ts";
import { isSet, toArray, toBytes, toClosedObject, toText } from "../encoding/json-fields.ts";
import { refuse } from "../refusal.ts";

/** A DSSE envelope with its one signature. */
export interface Envelope {
  readonly payloadType: string;
  readonly payload: Buffer;
  readonly signature: Buffer;
}

const FIELDS = new Set(["payload", "payloadType", "signatures"]);
const SIGNATURE_FIELDS = new Set(["sig", "keyid"]);

export const parseEnvelope = (value: Json | undefined): Envelope => {
  const fields = toClosedObject(value, "envelope", FIELDS);
  const signatures = isSet(fields.signatures) ? toArray(fields.signatures, "signatures") : [];
  if (signatures.length !== 1) refuse("signature-count", `envelope has ${signatures.length} signatures`);
  const signature = toClosedObject(signatures[0], "signature", SIGNATURE_FIELDS);
  return {
    payloadType: toText(fields.payloadType, "payloadType"),
    payload: toBytes(fields.payload, "payload"),
    signature: toBytes(signature.sig, "sig"),
  };
};

/** DSSE's pre-authentication encoding. Lengths are of bytes, so type and payload cannot run into each other. */
export const toSignedEnvelope = ({ payloadType, payload }: Envelope): Buffer => {
  const type = Buffer.from(payloadType);
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${type.length} `),
    type,
    Buffer.from(` ${payload.length} `),
    payload,
  ]);
};
