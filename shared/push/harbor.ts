import { createHash } from "node:crypto";
import * as v from "valibot";
import type { IncomingRequest, Push } from "../ports.ts";
import { splitFullReference } from "./full-reference.ts";
import { type IgnoredReason, toIgnored } from "./ignored.ts";
import { parseBoundedJson } from "./json.ts";
import { MAX_BODY_BYTES, MAX_NAMES_IN_EVENT } from "./limits.ts";
import { malformed, tooLarge } from "./malformed.ts";
import { toEventId, toPartId, toPush } from "./normalise.ts";
import { optionalText, parseShape } from "./shape.ts";
import { authenticateHeader } from "./shared-secret.ts";
import type { PushSource, SourceOptions } from "./source.ts";

const SOURCE = "harbor";

/** The default format has `event_data`, CloudEvents (structured mode) has `data`; inside they are the same. */
const ENVELOPE = v.object({
  type: v.string(),
  id: optionalText,
  occur_at: v.nullish(v.number()),
  event_data: v.optional(v.unknown()),
  data: v.optional(v.unknown()),
});
type Envelope = v.InferOutput<typeof ENVELOPE>;

const RESOURCE = v.object({ digest: optionalText, tag: optionalText, resource_url: optionalText });
const PUSHED = v.object({
  resources: v.array(RESOURCE),
  repository: v.object({ repo_full_name: v.string() }),
});

const PUSH_TYPES: ReadonlySet<string> = new Set(["PUSH_ARTIFACT", "harbor.artifact.pushed"]);
const REASONS: readonly (readonly [pattern: RegExp, reason: IgnoredReason])[] = [
  [/^(?:PULL_ARTIFACT|harbor\.artifact\.pulled)$/, "pull"],
  [/^(?:DELETE_ARTIFACT|harbor\.artifact\.deleted)$/, "delete"],
  [/^(?:SCANNING_|harbor\.scan\.)/, "scan"],
  [/^(?:REPLICATION|harbor\.replication\.)/, "replication-summary"],
  [/CHART$/, "legacy-chart"],
];

const reasonOf = (type: string): IgnoredReason =>
  REASONS.find(([pattern]) => pattern.test(type))?.[1] ?? "unknown-event";

/** The default format has no id; one made of its content tells a redelivery from a second push. */
const idOf = ({ id, type, occur_at }: Envelope, { repository, resources }: v.InferOutput<typeof PUSHED>) => {
  const given = toEventId(id);
  if (given !== undefined || typeof occur_at !== "number") return given;
  const content = [
    type,
    occur_at,
    repository.repo_full_name,
    ...resources.map(({ digest, tag }) => [digest, tag]),
  ];
  return `sha256:${createHash("sha256").update(JSON.stringify(content)).digest("hex")}`;
};

const toIgnoredEvent = (envelope: Envelope, { registry }: SourceOptions): Push => {
  const known = v.safeParse(PUSHED, envelope.event_data ?? envelope.data);
  const resource = known.success ? known.output.resources[0] : undefined;
  return toIgnored({
    source: SOURCE,
    reason: reasonOf(envelope.type),
    host: registry ?? splitFullReference(resource?.resource_url ?? "")?.host,
    repository: known.success ? known.output.repository.repo_full_name : undefined,
    tag: resource?.tag,
    digest: resource?.digest,
    id: toEventId(envelope.id),
  });
};

const parse = (request: IncomingRequest, options: SourceOptions): readonly Push[] => {
  const body = parseBoundedJson(SOURCE, request.body, MAX_BODY_BYTES);
  const envelope = parseShape(SOURCE, ENVELOPE, body);
  const { type } = envelope;
  if (!PUSH_TYPES.has(type)) return [toIgnoredEvent(envelope, options)];

  const at = envelope.event_data === undefined ? "data" : "event_data";
  const pushed = parseShape(SOURCE, PUSHED, envelope.event_data ?? envelope.data, at);
  const { resources, repository } = pushed;
  if (resources.length === 0) throw malformed(SOURCE, `${at}.resources`, "is empty");
  if (resources.length > MAX_NAMES_IN_EVENT)
    throw tooLarge(SOURCE, `${at}.resources`, `${MAX_NAMES_IN_EVENT} resources`);
  const id = idOf(envelope, pushed);
  return resources.map(({ digest, tag, resource_url }, index) => {
    const announced = {
      source: SOURCE,
      at: `${at}.resources.${index}`,
      tag,
      digest,
      id: toPartId(id, index),
    };
    const host = splitFullReference(resource_url ?? "")?.host;
    return toPush({ ...announced, host, repository: repository.repo_full_name }, options.registry);
  });
};

/** Harbor, in either payload format. It waits three seconds and sends the configured `Authorization` as it is. */
export const harbor: PushSource = {
  name: SOURCE,
  authenticity: "shared-secret",
  maxBytes: MAX_BODY_BYTES,
  answers: { accepted: 200, malformed: 400, unauthentic: 401, limited: 503 },
  authenticate: authenticateHeader,
  parse,
};
