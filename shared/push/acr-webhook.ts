import { parseBoundedJson } from "./json.ts";
import { MAX_BODY_BYTES } from "./limits.ts";
import { parseRegistryEvent } from "./registry-event.ts";
import { authenticateHeader } from "./shared-secret.ts";
import type { PushSource } from "./source.ts";

const SOURCE = "acr-webhook";

/** Azure's own registry webhook: signs nothing, so a custom header set on the webhook is the only proof. */
export const acrWebhook: PushSource = {
  name: SOURCE,
  authenticity: "shared-secret",
  maxBytes: MAX_BODY_BYTES,
  answers: { accepted: 200, malformed: 400, unauthentic: 401, limited: 503 },
  authenticate: authenticateHeader,
  parse: (request, options) => [
    parseRegistryEvent(parseBoundedJson(SOURCE, request.body, MAX_BODY_BYTES), {
      source: SOURCE,
      options,
      announcesBlobs: false,
    }),
  ],
};
