import type { IncomingRequest } from "../ports.ts";
import type { AuthenticationResult } from "./authentication.ts";
import { authenticateHmac } from "./hmac.ts";
import { parseBoundedJson } from "./json.ts";
import { MAX_BODY_BYTES } from "./limits.ts";
import { parseOwnEvent } from "./own-event.ts";
import type { PushSource, SourceOptions } from "./source.ts";

const SOURCE = "sluice";

/** The header and form of Flux's `generic-hmac`, so that a CI step that signs for Flux signs for us as well. */
export const OWN_SIGNATURE_HEADER = "x-signature";

export const authenticateOwnSignature = (
  request: IncomingRequest,
  options: SourceOptions,
): AuthenticationResult =>
  authenticateHmac(request, options, {
    algorithm: "sha256",
    header: OWN_SIGNATURE_HEADER,
    prefix: "sha256=",
  });

/** Sluice's own event, for CI jobs and for registries without a source of their own. */
export const sluice: PushSource = {
  name: SOURCE,
  authenticity: "signature",
  maxBytes: MAX_BODY_BYTES,
  answers: { accepted: 202, malformed: 400, unauthentic: 401, limited: 429 },
  authenticate: authenticateOwnSignature,
  parse: (request, options) => [
    parseOwnEvent(SOURCE, parseBoundedJson(SOURCE, request.body, MAX_BODY_BYTES), options),
  ],
};
