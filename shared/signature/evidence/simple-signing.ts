import { parseJson } from "../encoding/json.ts";
import { toClosedObject, toObject, toText } from "../encoding/json-fields.ts";

/** The payload that legacy signatures sign: which manifest, and that it is a signature at all. */
export interface SimpleSigning {
  readonly digest: string;
  readonly type: string;
}

export const SIMPLE_SIGNING_TYPE = "cosign container image signature";

const CRITICAL = new Set(["identity", "image", "type"]);
const IDENTITY = new Set(["docker-reference"]);
const IMAGE = new Set(["docker-manifest-digest"]);

/**
 * Reads the payload. `critical` may hold only the names that are known, in their exact spelling: readers that
 * ignore case would otherwise find another digest in the same bytes.
 */
export const parseSimpleSigning = (payload: Uint8Array): SimpleSigning => {
  const fields = toObject(parseJson(payload), "payload");
  const critical = toClosedObject(fields.critical, "critical", CRITICAL);
  toClosedObject(critical.identity, "critical.identity", IDENTITY);
  const image = toClosedObject(critical.image, "critical.image", IMAGE);
  return {
    digest: toText(image["docker-manifest-digest"], "docker-manifest-digest"),
    type: toText(critical.type, "critical.type"),
  };
};
