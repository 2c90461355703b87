import type { IncomingRequest, Push } from "../ports.ts";
import type { AuthenticationResult } from "./authentication.ts";
import { parseBatch } from "./batch.ts";
import { isCdEvent, parseCdEvent } from "./cdevent.ts";
import { type CloudEvent, parseStructuredCloudEvent, readCloudEvents } from "./cloudevent.ts";
import { toIgnored } from "./ignored.ts";
import { MAX_BODY_BYTES } from "./limits.ts";
import { malformed } from "./malformed.ts";
import { toEventId } from "./normalise.ts";
import { isOwnEvent, parseOwnEvent } from "./own-event.ts";
import { authenticateHeader } from "./shared-secret.ts";
import { authenticateOwnSignature, OWN_SIGNATURE_HEADER } from "./sluice.ts";
import type { PushSource, SourceName, SourceOptions } from "./source.ts";
import { answerConsent } from "./webhook-consent.ts";

const SOURCE = "cloudevents";

/** Types of events that say what they say in words of their own, which another kind of source reads. */
const ELSEWHERE: readonly (readonly [prefix: string, source: SourceName])[] = [
  ["harbor.", "harbor"],
  ["zotregistry.", "zot"],
  ["Microsoft.ContainerRegistry.", "acr-eventgrid"],
  ["google.cloud.pubsub.", "gar"],
];

const parseEvent = ({ id, type, data }: CloudEvent, options: SourceOptions): Push => {
  const elsewhere = ELSEWHERE.find(([prefix]) => type.startsWith(prefix));
  if (elsewhere !== undefined) {
    const [prefix, source] = elsewhere;
    throw malformed(SOURCE, "type", `begins with ${prefix}; such events are for a source of type ${source}`);
  }
  if (isCdEvent(data)) return parseCdEvent(SOURCE, data, options);
  if (isOwnEvent(data)) return parseOwnEvent(SOURCE, data, options, id);
  return toIgnored({ source: SOURCE, reason: "unknown-event", id: toEventId(id) });
};

const parse = (request: IncomingRequest, options: SourceOptions): readonly Push[] => {
  const events = readCloudEvents(SOURCE, request, MAX_BODY_BYTES);
  if ("binary" in events) return [parseEvent(events.binary, options)];
  const { structured } = events;
  return parseBatch(SOURCE, structured, (value, index) => {
    // CDEvents may be sent without the CloudEvents wrapper; its context has the same attributes.
    if (isCdEvent(value)) return [parseCdEvent(SOURCE, value, options)];
    const at = structured.length > 1 ? `${index}` : undefined;
    return [parseEvent(parseStructuredCloudEvent(SOURCE, value, at), options)];
  });
};

const authenticate = (request: IncomingRequest, options: SourceOptions): AuthenticationResult =>
  request.headers[OWN_SIGNATURE_HEADER] === undefined
    ? authenticateHeader(request, options)
    : authenticateOwnSignature(request, options);

/** Any sender of CloudEvents 1.0 (binary, structured, batch) whose data is a CDEvent or Sluice's own event. */
export const cloudevents: PushSource = {
  name: SOURCE,
  authenticity: "signature",
  maxBytes: MAX_BODY_BYTES,
  answers: { accepted: 202, malformed: 400, unauthentic: 401, limited: 429 },
  authenticate,
  parse,
  consent: (request, { allowedOrigins }) => answerConsent(request, allowedOrigins ?? []),
};
