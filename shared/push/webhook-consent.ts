import type { IncomingRequest } from "../ports.ts";
import type { Answer } from "./source.ts";

const RATE = /^[1-9][0-9]{0,8}$/;

/**
 * CloudEvents HTTP webhook §4: says to an OPTIONS request that we agree to be called from that origin. It proves
 * nothing about the caller, and `WebHook-Request-Callback` is never fetched: it would let strangers choose an address.
 */
export const answerConsent = (
  request: IncomingRequest,
  allowedOrigins: readonly string[],
): Answer | undefined => {
  if (request.method !== "OPTIONS") return undefined;
  const asked = request.headers["webhook-request-origin"]?.toLowerCase();
  const origin = allowedOrigins.find((allowed) => allowed.toLowerCase() === asked);
  if (origin === undefined) return undefined;
  const rate = request.headers["webhook-request-rate"] ?? "";
  return {
    status: 200,
    headers: {
      allow: "POST, OPTIONS",
      "webhook-allowed-origin": origin,
      "webhook-allowed-rate": RATE.test(rate) ? rate : "*",
    },
    body: "",
  };
};
