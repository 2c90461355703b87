import * as v from "valibot";
import type { IncomingRequest, Push } from "../ports.ts";
import { authenticateHmac } from "./hmac.ts";
import { type IgnoredReason, toIgnored } from "./ignored.ts";
import { parseBoundedJson, withoutJsonWhitespace } from "./json.ts";
import { MAX_BODY_BYTES } from "./limits.ts";
import { malformed } from "./malformed.ts";
import { toEventId, toPush } from "./normalise.ts";
import { toClientPath } from "./repository-path.ts";
import { optionalText, parseShape } from "./shape.ts";
import type { PushSource, SourceOptions } from "./source.ts";

const SOURCE = "nexus";

const EVENT = v.object({
  repositoryName: v.string(),
  action: v.string(),
  asset: v.nullish(v.object({ format: v.string(), name: v.string() })),
  component: v.nullish(v.object({ format: v.string(), name: v.string(), version: optionalText })),
});
type NexusEvent = v.InferOutput<typeof EVENT>;

const PUSH_ACTIONS: ReadonlySet<string> = new Set(["CREATED", "UPDATED"]);
const DELETE_ACTIONS: ReadonlySet<string> = new Set(["DELETED", "PURGED"]);
const MANIFEST_ASSET = /^\/?v2\/(.+)\/manifests\/([^/]+)$/;

interface Named {
  readonly image: string;
  readonly reference: string | undefined;
}

/** An asset is a path of the registry API, a component is image and tag. */
const nameOf = ({ asset, component }: NexusEvent): Named | IgnoredReason => {
  if (component !== undefined && component !== null)
    return component.format === "docker"
      ? { image: component.name, reference: component.version ?? undefined }
      : "not-container";
  if (asset === undefined || asset === null)
    throw malformed(SOURCE, "asset", "is missing, and so is component");
  if (asset.format !== "docker") return "not-container";
  const [, image, reference] = MANIFEST_ASSET.exec(asset.name) ?? [];
  return image === undefined ? "blob" : { image, reference };
};

const parse = (request: IncomingRequest, options: SourceOptions): readonly Push[] => {
  const event = parseShape(SOURCE, EVENT, parseBoundedJson(SOURCE, request.body, MAX_BODY_BYTES));
  const id = toEventId(request.headers["x-nexus-webhook-delivery"]);
  const named = nameOf(event);
  if (typeof named === "string") return [toIgnored({ source: SOURCE, reason: named, id })];
  const { image, reference: tag } = named;
  // A Docker connector has a port or host of its own, so by default the repository is no part of the name.
  const repository = toClientPath(event.repositoryName, image, options.repositoryPaths, "");
  if (PUSH_ACTIONS.has(event.action))
    return [toPush({ source: SOURCE, host: undefined, repository, tag, id }, options.registry)];
  const reason = DELETE_ACTIONS.has(event.action) ? "delete" : "unknown-action";
  return [toIgnored({ source: SOURCE, reason, host: options.registry, repository, tag, id })];
};

/** Sonatype Nexus 3: names no host and no digest; one push sends an asset and a component event. */
export const nexus: PushSource = {
  name: SOURCE,
  authenticity: "signature",
  maxBytes: MAX_BODY_BYTES,
  answers: { accepted: 200, malformed: 400, unauthentic: 401, limited: 503 },
  authenticate: (request, options) =>
    authenticateHmac(request, options, {
      // All that Nexus offers. HMAC needs no collision resistance, so SHA-1's weakness does not reach it.
      algorithm: "sha1",
      header: "x-nexus-webhook-signature",
      prefix: "",
      signedForms: (body) => [body, withoutJsonWhitespace(body)],
    }),
  parse,
};
