import * as v from "valibot";
import type { IncomingRequest, Push } from "../ports.ts";
import { splitFullReference } from "./full-reference.ts";
import { toIgnored } from "./ignored.ts";
import { parseBoundedJson } from "./json.ts";
import { MAX_BODY_BYTES, MAX_NAMES_IN_EVENT } from "./limits.ts";
import { malformed, tooLarge } from "./malformed.ts";
import { toPush } from "./normalise.ts";
import { parseShape } from "./shape.ts";
import { authenticateAddress } from "./shared-secret.ts";
import type { PushSource, SourceOptions } from "./source.ts";

const SOURCE = "quay";

const EVENT = v.object({ docker_url: v.string(), updated_tags: v.array(v.string()) });

const parse = (request: IncomingRequest, options: SourceOptions): readonly Push[] => {
  const body = parseBoundedJson(SOURCE, request.body, MAX_BODY_BYTES);
  const { docker_url, updated_tags: tags } = parseShape(SOURCE, EVENT, body);
  const place = splitFullReference(docker_url);
  if (place === undefined) throw malformed(SOURCE, "docker_url", "is not a repository");
  if (tags.length > MAX_NAMES_IN_EVENT) throw tooLarge(SOURCE, "updated_tags", `${MAX_NAMES_IN_EVENT} tags`);
  const { host, repository } = place;
  if (tags.length === 0)
    return [toIgnored({ source: SOURCE, reason: "no-tags", host: options.registry ?? host, repository })];
  return tags.map((tag, index) =>
    toPush({ source: SOURCE, at: `updated_tags.${index}`, host, repository, tag }, options.registry),
  );
};

/** Quay: signs nothing, names tags only, and says nothing of pushes by digest, so of no native referrer. */
export const quay: PushSource = {
  name: SOURCE,
  authenticity: "none",
  maxBytes: MAX_BODY_BYTES,
  // Three failures switch the notification off until a person resets it, so a body we cannot read is no failure.
  answers: { accepted: 200, malformed: 200, unauthentic: 404, limited: 200 },
  authenticate: authenticateAddress,
  parse,
};
