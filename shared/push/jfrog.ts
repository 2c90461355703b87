import * as v from "valibot";
import type { IncomingRequest, Push } from "../ports.ts";
import type { AuthenticationResult } from "./authentication.ts";
import { authenticateHmac } from "./hmac.ts";
import { type IgnoredReason, toIgnored } from "./ignored.ts";
import { parseBoundedJson } from "./json.ts";
import { MAX_BODY_BYTES } from "./limits.ts";
import { malformed } from "./malformed.ts";
import { toPush } from "./normalise.ts";
import { toClientPath } from "./repository-path.ts";
import { optionalText, parseShape } from "./shape.ts";
import { authenticateHeader } from "./shared-secret.ts";
import type { PushSource, SourceOptions } from "./source.ts";

const SOURCE = "jfrog";
const HEADER = "x-jfrog-event-auth";

const EVENT = v.object({
  domain: v.string(),
  event_type: v.string(),
  jpd_origin: optionalText,
  data: v.optional(v.unknown()),
});
const IMAGE = v.object({
  repo_key: v.string(),
  path: optionalText,
  image_name: optionalText,
  tag: optionalText,
  sha256: optionalText,
});
type Image = v.InferOutput<typeof IMAGE>;

const PUSH_TYPES: ReadonlySet<string> = new Set(["pushed", "promoted"]);
const SHA256_HEX = /^[0-9a-f]{64}$/;

/** `<image>/<tag>/manifest.json`: the file's folder is the tag, what is above it the image. */
const imageOf = ({ path, image_name }: Image): string => {
  const segments = (path ?? "").replace(/^\/+/, "").split("/");
  if (segments.length > 2) return segments.slice(0, -2).join("/");
  if (typeof image_name === "string" && image_name !== "") return image_name;
  throw malformed(SOURCE, "data.path", "is missing, and so is data.image_name");
};

const hostOf = (origin: string | null | undefined): string | undefined =>
  typeof origin === "string" && URL.canParse(origin) ? new URL(origin).host || undefined : undefined;

const parse = (request: IncomingRequest, options: SourceOptions): readonly Push[] => {
  const event = parseShape(SOURCE, EVENT, parseBoundedJson(SOURCE, request.body, MAX_BODY_BYTES));
  const ignored = (reason: IgnoredReason): readonly Push[] => [toIgnored({ source: SOURCE, reason })];
  if (event.domain !== "docker") return ignored("not-container");
  if (event.event_type === "deleted") return ignored("delete");
  if (!PUSH_TYPES.has(event.event_type)) return ignored("unknown-action");
  const image = parseShape(SOURCE, IMAGE, event.data, "data");
  const { repo_key, tag, sha256 } = image;
  const repository = toClientPath(repo_key, imageOf(image), options.repositoryPaths, repo_key);
  // The manifest file's own checksum, which is the digest without its prefix.
  const digest = typeof sha256 === "string" && SHA256_HEX.test(sha256) ? `sha256:${sha256}` : undefined;
  const host = hostOf(event.jpd_origin);
  return [toPush({ source: SOURCE, at: "data", host, repository, tag, digest }, options.registry)];
};

/** One header holds the secret itself or a signature made with it, depending on a switch in Artifactory. */
const authenticate = (request: IncomingRequest, options: SourceOptions): AuthenticationResult => {
  const asSecret = (): AuthenticationResult => authenticateHeader(request, { header: HEADER, ...options });
  if (options.jfrogMode === "secret") return asSecret();
  const signed = authenticateHmac(request, options, { algorithm: "sha256", header: HEADER, prefix: "" });
  return signed.authentic || options.jfrogMode === "hmac" ? signed : asSecret();
};

/** JFrog Artifactory's webhook for the domain `docker`, which holds all OCI artifacts. */
export const jfrog: PushSource = {
  name: SOURCE,
  authenticity: "signature",
  maxBytes: MAX_BODY_BYTES,
  answers: { accepted: 202, malformed: 400, unauthentic: 401, limited: 503 },
  authenticate,
  parse,
};
