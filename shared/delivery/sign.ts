import { createHmac, createSecretKey, type Hmac } from "node:crypto";
import type { Secret } from "../artifact/secret.ts";
import { PipelineError } from "../errors.ts";

export type Headers = Readonly<Record<string, string>>;

export type HmacAlgorithm = "sha256" | "sha512";

/** As `createHmac`, which takes four times as long when it must find out first that bytes are no key object. */
const hmacOf = (algorithm: HmacAlgorithm, key: Uint8Array): Hmac =>
  createHmac(algorithm, createSecretKey(key));

/** Flux's `generic-hmac`: the token's bytes are the key, the body is signed as it goes over the wire. */
export const signFluxHmac = (body: Uint8Array, token: Secret, algorithm: HmacAlgorithm): Headers => ({
  "x-signature": `${algorithm}=${hmacOf(algorithm, token.revealBytes()).update(body).digest("hex")}`,
});

const KEY_PREFIX = "whsec_";
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const MIN_KEY_BYTES = 24;
const MAX_KEY_BYTES = 64;

/** Reads a Standard Webhooks key: `whsec_` and the base64 of 24 to 64 bytes. */
export const parseSigningKey = (key: Secret): Uint8Array => {
  const text = key.reveal().trim();
  const encoded = text.startsWith(KEY_PREFIX) ? text.slice(KEY_PREFIX.length) : undefined;
  if (encoded === undefined || !BASE64.test(encoded)) {
    throw new PipelineError("a Standard Webhooks key is whsec_ followed by base64", {
      code: "CONFIG_INVALID",
    });
  }
  const bytes = Buffer.from(encoded, "base64");
  if (bytes.length < MIN_KEY_BYTES || bytes.length > MAX_KEY_BYTES) {
    throw new PipelineError(
      `a Standard Webhooks key holds ${MIN_KEY_BYTES} to ${MAX_KEY_BYTES} bytes, not ${bytes.length}`,
      { code: "CONFIG_INVALID" },
    );
  }
  return bytes;
};

const MESSAGE_ID = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * Standard Webhooks 1.0.0, symmetric. One signature per key, newest first: while a key is being rotated the
 * consumer finds the one it knows. The timestamp is the attempt's, the id the delivery's.
 */
export const signStandardWebhook = (
  message: { readonly id: string; readonly attemptAtMs: number; readonly body: Uint8Array },
  keys: readonly Secret[],
): Headers => {
  if (!MESSAGE_ID.test(message.id)) {
    // A dot inside the id would let one signature stand for another split into id, timestamp and body.
    throw new PipelineError("a webhook id has letters, digits, _ and - only", { code: "WORK_MALFORMED" });
  }
  const timestamp = String(Math.floor(message.attemptAtMs / 1000));
  const signatures = keys.map((key) => {
    const hmac = hmacOf("sha256", parseSigningKey(key)).update(`${message.id}.${timestamp}.`);
    return `v1,${hmac.update(message.body).digest("base64")}`;
  });
  return {
    "webhook-id": message.id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
};

/** What a header may carry of a token: anything else could end the header and begin another. */
const BEARER = /^[A-Za-z0-9._~+/-]+=*$/;

export const bearerHeader = (token: Secret): Headers => {
  const text = token.reveal();
  if (!BEARER.test(text)) {
    throw new PipelineError("an identity token has characters that no bearer token has", {
      code: "SECRET_UNAVAILABLE",
    });
  }
  return { authorization: `Bearer ${text}` };
};
