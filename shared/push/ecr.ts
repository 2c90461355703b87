import * as v from "valibot";
import { MEDIA_TYPE } from "../artifact/media-types.ts";
import type { IncomingRequest, Push } from "../ports.ts";
import { parseBatch } from "./batch.ts";
import { type IgnoredReason, toIgnored } from "./ignored.ts";
import { parseBoundedJson } from "./json.ts";
import { MAX_BODY_BYTES } from "./limits.ts";
import { malformed } from "./malformed.ts";
import { toEventId, toPush } from "./normalise.ts";
import { optionalText, parseShape } from "./shape.ts";
import { authenticateHeader } from "./shared-secret.ts";
import type { PushSource, SourceOptions } from "./source.ts";

const SOURCE = "ecr";

// Docs and schema registry differ in which fields an action has, and all of them are optional in the schema.
const EVENT = v.object({
  id: optionalText,
  source: v.string(),
  "detail-type": v.string(),
  account: optionalText,
  region: optionalText,
  detail: v.object({
    "action-type": optionalText,
    result: optionalText,
    "sync-status": optionalText,
    "repository-name": optionalText,
    "image-digest": optionalText,
    "image-tag": optionalText,
    "manifest-media-type": optionalText,
    "artifact-media-type": optionalText,
  }),
});
type EcrEvent = v.InferOutput<typeof EVENT>;

/** Host suffix by region prefix: one per AWS partition. */
const PARTITIONS: readonly (readonly [prefix: string, suffix: string])[] = [
  ["cn-", "amazonaws.com.cn"],
  ["us-iso-", "c2s.ic.gov"],
  ["us-isob-", "sc2s.sgov.gov"],
  ["us-isof-", "csp.hci.ic.gov"],
  ["eu-isoe-", "cloud.adc-e.uk"],
  ["eusc-", "amazonaws.eu"],
];
const ACCOUNT = /^[0-9]{12}$/;
const REGION = /^[a-z]{2,5}(?:-[a-z]{2,12}){1,3}-[0-9]{1,2}$/;

/** For a replication, the event's own region is where the copy lies; `source-region` is where it came from. */
const hostOf = ({ account, region }: EcrEvent): string | undefined => {
  if (typeof account !== "string" || !ACCOUNT.test(account)) return undefined;
  if (typeof region !== "string" || !REGION.test(region)) return undefined;
  const suffix = PARTITIONS.find(([prefix]) => region.startsWith(prefix))?.[1] ?? "amazonaws.com";
  return `${account}.dkr.ecr.${region}.${suffix}`;
};

const imageReason = ({ "action-type": action, result }: EcrEvent["detail"]): IgnoredReason | undefined => {
  if (action === "DELETE") return "delete";
  if (action === "UPDATE_STORAGE_CLASS") return "storage-class";
  if (action !== "PUSH") return "unknown-action";
  return result === "SUCCESS" ? undefined : "action-failed";
};

/** Why this event is not about new content; undefined if it is. */
const reasonOf = ({ source, "detail-type": type, detail }: EcrEvent): IgnoredReason | undefined => {
  if (source !== "aws.ecr") return "unknown-event";
  switch (type) {
    case "ECR Image Action":
    case "ECR Referrer Action":
      return imageReason(detail);
    case "ECR Replication Action":
      return detail.result === "SUCCESS" ? undefined : "replication-failed";
    case "ECR Pull Through Cache Action":
      return detail["sync-status"] === "SUCCESS" ? undefined : "pull-through-failed";
    case "ECR Image Scan":
    case "ECR Scan Resource Change":
      return "scan";
    default:
      return "unknown-event";
  }
};

const isReferrer = (event: EcrEvent): boolean =>
  event["detail-type"] === "ECR Referrer Action" ||
  event.detail["artifact-media-type"]?.startsWith(MEDIA_TYPE.sigstoreBundlePrefix) === true;

const parseEvent = (value: unknown, options: SourceOptions): Push => {
  const event = parseShape(SOURCE, EVENT, value);
  const { "repository-name": repository, "image-tag": tag, "image-digest": digest } = event.detail;
  const id = toEventId(event.id);
  const host = options.registry ?? hostOf(event);
  const reason = reasonOf(event);
  if (reason !== undefined) return toIgnored({ source: SOURCE, reason, host, repository, tag, digest, id });
  if (typeof repository !== "string") throw malformed(SOURCE, "detail.repository-name", "is missing");
  if (host === undefined) throw malformed(SOURCE, "account or region", "does not name a registry");
  const mediaType = event.detail["manifest-media-type"];
  return toPush(
    {
      source: SOURCE,
      at: "detail",
      host,
      repository,
      tag,
      digest,
      mediaType,
      id,
      isEvidence: isReferrer(event),
    },
    options.registry,
  );
};

const parse = (request: IncomingRequest, options: SourceOptions): readonly Push[] => {
  const body = parseBoundedJson(SOURCE, request.body, MAX_BODY_BYTES);
  // One event from a rule or an API destination, several from a pipe.
  return parseBatch(SOURCE, Array.isArray(body) ? body : [body], (event) => [parseEvent(event, options)]);
};

/** Amazon ECR by EventBridge: no signature exists; the bus and its permissions vouch, or an API destination's header. */
export const ecr: PushSource = {
  name: SOURCE,
  authenticity: "platform",
  maxBytes: MAX_BODY_BYTES,
  answers: { accepted: 202, malformed: 400, unauthentic: 401, limited: 429 },
  authenticate: (request, options) =>
    options.platform === true ? { authentic: true, by: "platform" } : authenticateHeader(request, options),
  parse,
};
