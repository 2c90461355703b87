import * as v from "valibot";
import type { IncomingRequest, Push } from "../ports.ts";
import type { AuthenticationResult } from "./authentication.ts";
import { type ReferenceParts, splitFullReference } from "./full-reference.ts";
import { toIgnored } from "./ignored.ts";
import { MAX_BODY_BYTES } from "./limits.ts";
import { malformed } from "./malformed.ts";
import { toEventId, toPush } from "./normalise.ts";
import { readPubSubMessage } from "./pubsub.ts";
import { optionalText, parseShape } from "./shape.ts";
import { authenticateHeaderOrQuery, usableSecrets } from "./shared-secret.ts";
import type { PushSource, SourceOptions } from "./source.ts";
import { authenticateToken } from "./token.ts";

const SOURCE = "gar";

/** Both fields are full references; either may be absent. */
const CHANGE = v.object({ action: v.string(), digest: optionalText, tag: optionalText });

const splitField = (field: string, text: string | null | undefined): ReferenceParts | undefined => {
  if (text === undefined || text === null || text === "") return undefined;
  const parts = splitFullReference(text);
  if (parts === undefined) throw malformed(SOURCE, field, "is not a full reference");
  return parts;
};

const sameRepository = (a: ReferenceParts, b: ReferenceParts): boolean =>
  a.host === b.host && a.repository === b.repository;

const parse = (request: IncomingRequest, options: SourceOptions): readonly Push[] => {
  const message = readPubSubMessage(SOURCE, request);
  const change = parseShape(SOURCE, CHANGE, message.data, message.at);
  const id = toEventId(message.id);
  const byDigest = splitField("digest", change.digest);
  const byTag = splitField("tag", change.tag);
  const named = byTag ?? byDigest;
  if (named === undefined) throw malformed(SOURCE, "digest", "is missing, and so is tag");
  if (byTag !== undefined && byDigest !== undefined && !sameRepository(byTag, byDigest))
    throw malformed(SOURCE, "tag", "is not of the same repository as digest");
  const { host, repository } = named;
  const announced = { source: SOURCE, host, repository, tag: byTag?.tag, digest: byDigest?.digest, id };
  if (change.action === "INSERT") return [toPush(announced, options.registry)];
  const reason = change.action === "DELETE" ? "delete" : "unknown-action";
  return [toIgnored({ ...announced, host: options.registry ?? host, reason })];
};

const authenticate = async (
  request: IncomingRequest,
  options: SourceOptions,
): Promise<AuthenticationResult> => {
  if (options.platform === true) return { authentic: true, by: "platform" };
  const { token, nowMs } = options;
  if (token === undefined)
    return usableSecrets(options).length > 0 || options.unauthenticated === true
      ? authenticateHeaderOrQuery(request, options)
      : { authentic: false, reason: "token-rule-incomplete" };
  // Anybody with a Google account can have a token for our audience; only the address says whose it is.
  const { email } = token;
  if (email === undefined || email === "") return { authentic: false, reason: "token-rule-incomplete" };
  return authenticateToken(
    request,
    token,
    nowMs,
    (claims) => claims.email === email && claims.email_verified === true,
  );
};

/** Google Artifact Registry and GCR by the Pub/Sub topic `gcr`: pushed, pulled, or as a CloudEvent. */
export const gar: PushSource = {
  name: SOURCE,
  authenticity: "token",
  maxBytes: MAX_BODY_BYTES,
  // Anything but a success is sent again until the subscription's retention ends.
  answers: { accepted: 204, malformed: 204, unauthentic: 401, limited: 429 },
  authenticate,
  parse,
};
