import * as v from "valibot";
import { isManifestType } from "../artifact/media-types.ts";
import type { IncomingRequest, Push } from "../ports.ts";
import { parseBoundedJson } from "./json.ts";
import { MAX_BODY_BYTES } from "./limits.ts";
import { toPush } from "./normalise.ts";
import { optionalText, parseShape } from "./shape.ts";
import { authenticateAddress } from "./shared-secret.ts";
import type { PushSource, SourceOptions } from "./source.ts";

const SOURCE = "dockerhub";

// `callback_url` is not read: it is a legacy field, and an address that whoever calls us may choose.
const EVENT = v.object({
  push_data: v.object({ tag: v.string(), media_type: optionalText }),
  repository: v.object({ repo_name: v.string() }),
});

const parse = (request: IncomingRequest, options: SourceOptions): readonly Push[] => {
  const body = parseBoundedJson(SOURCE, request.body, MAX_BODY_BYTES);
  const { push_data, repository } = parseShape(SOURCE, EVENT, body);
  const { tag, media_type } = push_data;
  // Undocumented, and seen with the config's type in it as well.
  const mediaType = typeof media_type === "string" && isManifestType(media_type) ? media_type : undefined;
  return [
    toPush(
      { source: SOURCE, host: "docker.io", repository: repository.repo_name, tag, mediaType },
      options.registry,
    ),
  ];
};

/** Docker Hub: no signature, no digest, no event id, and one event for everything. */
export const dockerhub: PushSource = {
  name: SOURCE,
  authenticity: "none",
  maxBytes: MAX_BODY_BYTES,
  answers: { accepted: 200, malformed: 400, unauthentic: 404, limited: 429 },
  authenticate: authenticateAddress,
  parse,
};
