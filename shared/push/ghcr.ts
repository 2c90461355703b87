import * as v from "valibot";
import type { IncomingRequest, Push } from "../ports.ts";
import { authenticateHmac } from "./hmac.ts";
import { type IgnoredReason, toIgnored } from "./ignored.ts";
import { parseBoundedJson } from "./json.ts";
import { MAX_BODY_BYTES } from "./limits.ts";
import { malformed } from "./malformed.ts";
import { isUsableDigest } from "./names.ts";
import { toEventId, toPush } from "./normalise.ts";
import { optionalText, parseShape } from "./shape.ts";
import type { PushSource, SourceOptions } from "./source.ts";

const SOURCE = "ghcr";
const DEFAULT_HOST = "ghcr.io";

const PACKAGE = v.object({
  name: v.string(),
  ecosystem: optionalText,
  package_type: optionalText,
  owner: v.nullish(v.object({ login: optionalText })),
  registry: v.nullish(v.object({ type: optionalText })),
  package_version: v.nullish(
    v.object({
      version: optionalText,
      name: optionalText,
      package_url: optionalText,
      container_metadata: v.nullish(
        v.object({
          tag: v.nullish(v.object({ name: optionalText, digest: optionalText })),
          manifest: v.nullish(v.object({ digest: optionalText, media_type: optionalText })),
        }),
      ),
    }),
  ),
});
type GithubPackage = v.InferOutput<typeof PACKAGE>;

const EVENT = v.object({
  action: optionalText,
  zen: optionalText,
  package: v.nullish(v.unknown()),
  registry_package: v.nullish(v.unknown()),
});

const REASON_BY_ACTION: ReadonlyMap<string, IgnoredReason | undefined> = new Map([
  ["published", undefined],
  ["updated", undefined],
  ["deleted", "delete"],
]);
const PACKAGE_EVENTS: ReadonlySet<string> = new Set(["package", "registry_package"]);
const CONTAINER_TYPES: ReadonlySet<string> = new Set(["container", "docker"]);

/** GitHub's own sample calls one package `npm`, `docker` and `CONTAINER` in three places. */
const isContainer = ({ ecosystem, package_type, registry, package_version }: GithubPackage): boolean =>
  [ecosystem, package_type, registry?.type].some((type) => CONTAINER_TYPES.has(type?.toLowerCase() ?? "")) ||
  (package_version?.container_metadata ?? undefined) !== undefined;

interface Place {
  readonly host: string;
  readonly repository: string;
}

/** From `ghcr.io/Owner/name:tag`, which ends in a bare `:` when there is no tag; else from owner and name. */
const placeOf = ({ name, owner, package_version }: GithubPackage): Place => {
  const url = (package_version?.package_url ?? "").replace(/^https?:\/\//, "");
  const path = /^([^/@]+)\/([^@]*\/[^/:@]+|[^/:@]+)/.exec(url);
  const [, host, repository] = path ?? [];
  // Names keep their case at GitHub; references have none.
  if (host !== undefined && repository !== undefined) return { host, repository: repository.toLowerCase() };
  if (typeof owner?.login !== "string") throw malformed(SOURCE, "package.owner.login", "is missing");
  return { host: DEFAULT_HOST, repository: `${owner.login}/${name}`.toLowerCase() };
};

const digestOf = ({ package_version }: GithubPackage): string | undefined => {
  const metadata = package_version?.container_metadata;
  return [
    metadata?.manifest?.digest,
    metadata?.tag?.digest,
    package_version?.version,
    package_version?.name,
  ].find(isUsableDigest);
};

const parsePackage = (
  action: string | null | undefined,
  value: unknown,
  id: string | undefined,
  options: SourceOptions,
): Push => {
  const published = parseShape(SOURCE, PACKAGE, value, "package");
  if (!isContainer(published)) return toIgnored({ source: SOURCE, reason: "not-container", id });
  const { host, repository } = placeOf(published);
  const digest = digestOf(published);
  const metadata = published.package_version?.container_metadata;
  const tag = metadata?.tag?.name;
  const reason = REASON_BY_ACTION.has(action ?? "") ? REASON_BY_ACTION.get(action ?? "") : "unknown-action";
  if (reason !== undefined)
    return toIgnored({ source: SOURCE, reason, host: options.registry ?? host, repository, tag, digest, id });
  const mediaType = metadata?.manifest?.media_type;
  return toPush(
    { source: SOURCE, at: "package", host, repository, tag, digest, mediaType, id },
    options.registry,
  );
};

const parse = (request: IncomingRequest, options: SourceOptions): readonly Push[] => {
  const { "x-github-event": event, "x-github-delivery": delivery } = request.headers;
  const body = parseShape(SOURCE, EVENT, parseBoundedJson(SOURCE, request.body, MAX_BODY_BYTES));
  // The same on a redelivery by hand.
  const id = toEventId(delivery);
  const ignored = (reason: IgnoredReason): readonly Push[] => [toIgnored({ source: SOURCE, reason, id })];
  if (event === "ping" || (event === undefined && typeof body.zen === "string")) return ignored("ping");
  if (event !== undefined && !PACKAGE_EVENTS.has(event)) return ignored("unknown-event");
  const value = body.registry_package ?? body.package;
  if (value === undefined || value === null) throw malformed(SOURCE, "package", "is missing");
  return [parsePackage(body.action, value, id, options)];
};

/** GitHub's container registry by the webhooks `package` and `registry_package`; one push may send both. */
export const ghcr: PushSource = {
  name: SOURCE,
  authenticity: "signature",
  maxBytes: MAX_BODY_BYTES,
  answers: { accepted: 202, malformed: 400, unauthentic: 401, limited: 429 },
  authenticate: (request, options) =>
    authenticateHmac(request, options, {
      algorithm: "sha256",
      header: "x-hub-signature-256",
      prefix: "sha256=",
    }),
  parse,
};
