import type { JWTPayload } from "jose";
import * as v from "valibot";
import type { IncomingRequest, Push } from "../ports.ts";
import type { AuthenticationResult } from "./authentication.ts";
import { parseBatch } from "./batch.ts";
import { type IgnoredReason, toIgnored } from "./ignored.ts";
import { parseBoundedJson } from "./json.ts";
import { MAX_BODY_BYTES } from "./limits.ts";
import { malformed } from "./malformed.ts";
import { toEventId } from "./normalise.ts";
import { parseRegistryEvent } from "./registry-event.ts";
import { optionalText, parseShape } from "./shape.ts";
import { authenticateHeaderOrQuery, usableSecrets } from "./shared-secret.ts";
import type { Answer, PushSource, SourceOptions } from "./source.ts";
import { authenticateToken, bearerTokenOf } from "./token.ts";
import { answerConsent } from "./webhook-consent.ts";

const SOURCE = "acr-eventgrid";
/** Microsoft.EventGrid's own application in every Entra tenant of the public cloud. */
const EVENT_GRID_APPLICATION = "4962773b-9cdb-44cf-a8bf-237846a00ab7";
const SUBSCRIBER_ROLE = "AzureEventGridSecureWebhookSubscriber";
const EVENT_GRID_ORIGINS = ["eventgrid.azure.net"];

/** Event Grid's schema says `eventType` and `topic` where CloudEvents says `type` and `source`. */
const EVENT = v.object({
  id: optionalText,
  eventType: optionalText,
  type: optionalText,
  topic: optionalText,
  source: optionalText,
  data: v.optional(v.unknown()),
});
const TARGET = v.object({
  target: v.optional(v.object({ repository: optionalText, tag: optionalText, digest: optionalText })),
});
const VALIDATION = v.object({ data: v.object({ validationCode: v.string() }) });

const REASON_BY_TYPE: ReadonlyMap<string, IgnoredReason> = new Map([
  ["ImageDeleted", "delete"],
  ["ChartPushed", "legacy-chart"],
  ["ChartDeleted", "legacy-chart"],
  ["SubscriptionValidationEvent", "handshake"],
  ["SubscriptionDeletedEvent", "handshake"],
]);
const REGISTRY_ID = /\/Microsoft\.ContainerRegistry\/registries\/([A-Za-z0-9]{5,50})$/i;
const VALIDATION_CODE = /^[A-Za-z0-9-]{1,128}$/;

const parseEvent = (value: unknown, options: SourceOptions, at: string): Push => {
  const event = parseShape(SOURCE, EVENT, value, at);
  const named = event.eventType ?? event.type;
  if (typeof named !== "string") throw malformed(SOURCE, `${at}.eventType`, "is missing");
  // One of the two documented samples has the bare name, the other one the prefix.
  const type = named.slice(named.lastIndexOf(".") + 1);
  const id = toEventId(event.id);
  const registry = REGISTRY_ID.exec(event.topic ?? event.source ?? "")?.[1];
  const host = registry === undefined ? undefined : `${registry.toLowerCase()}.azurecr.io`;
  if (type === "ImagePushed")
    return parseRegistryEvent(event.data, {
      source: SOURCE,
      options,
      at: `${at}.data`,
      host,
      id,
      announcesBlobs: false,
    });
  const reason = REASON_BY_TYPE.get(type) ?? "unknown-event";
  const known = v.safeParse(TARGET, event.data);
  const target = known.success ? known.output.target : undefined;
  return toIgnored({ source: SOURCE, reason, host: options.registry ?? host, ...target, id });
};

const readEvents = (request: IncomingRequest): readonly unknown[] => {
  const body = parseBoundedJson(SOURCE, request.body, MAX_BODY_BYTES);
  // Always an array in Event Grid's schema; CloudEvents and the Functions trigger bring a single object.
  return Array.isArray(body) ? body : [body];
};

const parse = (request: IncomingRequest, options: SourceOptions): readonly Push[] =>
  parseBatch(SOURCE, readEvents(request), (event, index) => [parseEvent(event, options, `${index}`)]);

/** The documented way to consent: give the code back. `validationUrl` is never fetched. */
const handshake = (request: IncomingRequest, options: SourceOptions): Answer | undefined => {
  const { "aeg-event-type": kind, "aeg-subscription-name": subscription } = request.headers;
  if (kind?.toLowerCase() !== "subscriptionvalidation") return undefined;
  const { subscriptionName } = options;
  if (subscriptionName !== undefined && subscription?.toLowerCase() !== subscriptionName.toLowerCase())
    return undefined;
  const [event] = readEvents(request);
  const { validationCode } = parseShape(SOURCE, VALIDATION, event, "0").data;
  if (!VALIDATION_CODE.test(validationCode))
    throw malformed(SOURCE, "0.data.validationCode", "is not a validation code");
  return {
    status: 200, // 202 would not count
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ validationResponse: validationCode }),
  };
};

const isEventGrid =
  (application: string) =>
  (claims: JWTPayload): boolean => {
    const { appid, azp, roles } = claims;
    const isCaller = (azp ?? appid) === application;
    return isCaller && Array.isArray(roles) && roles.includes(SUBSCRIBER_ROLE);
  };

const authenticate = async (
  request: IncomingRequest,
  options: SourceOptions,
): Promise<AuthenticationResult> => {
  if (options.platform === true) return { authentic: true, by: "platform" };
  const { token, nowMs } = options;
  const mayBeSecret = usableSecrets(options).length > 0;
  if (token === undefined || (mayBeSecret && bearerTokenOf(request) === undefined))
    return authenticateHeaderOrQuery(request, options);
  const accepts = isEventGrid(token.authorizedParty ?? EVENT_GRID_APPLICATION);
  const byToken = await authenticateToken(request, token, nowMs, accepts);
  return byToken.authentic || !mayBeSecret ? byToken : authenticateHeaderOrQuery(request, options);
};

/** Azure Container Registry by Event Grid, in both of its schemas, single or batched. */
export const acrEventGrid: PushSource = {
  name: SOURCE,
  authenticity: "token",
  maxBytes: MAX_BODY_BYTES,
  // 400 goes to the dead letters at once, which is right for a body that no version of ours could read.
  answers: { accepted: 200, malformed: 400, unauthentic: 401, limited: 503 },
  authenticate,
  parse,
  consent: (request, { allowedOrigins }) => answerConsent(request, allowedOrigins ?? EVENT_GRID_ORIGINS),
  handshake,
};
