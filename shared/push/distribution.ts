import * as v from "valibot";
import type { IncomingRequest, Push } from "../ports.ts";
import { parseBatch } from "./batch.ts";
import { parseBoundedJson } from "./json.ts";
import { MAX_MANIFEST_BODY_BYTES } from "./limits.ts";
import { parseRegistryEvent } from "./registry-event.ts";
import { parseShape } from "./shape.ts";
import { authenticateHeader } from "./shared-secret.ts";
import type { PushSource, SourceName, SourceOptions } from "./source.ts";

// v2 registries say events.v1+json, v3 says events.v2+json; the envelope is the same, so the type is not looked at.
const ENVELOPE = v.object({ events: v.array(v.unknown()) });

const parseEnvelope =
  (source: SourceName) =>
  (request: IncomingRequest, options: SourceOptions): readonly Push[] => {
    const body = parseBoundedJson(source, request.body, MAX_MANIFEST_BODY_BYTES);
    const { events } = parseShape(source, ENVELOPE, body);
    return parseBatch(source, events, (event, index) => [
      parseRegistryEvent(event, { source, options, at: `events.${index}`, announcesBlobs: true }),
    ]);
  };

const createDistributionSource = (name: SourceName): PushSource => ({
  name,
  authenticity: "shared-secret",
  maxBytes: MAX_MANIFEST_BODY_BYTES,
  // A body we cannot read is answered like one we can: the registry would send it again for ever, and all after it wait.
  answers: { accepted: 202, malformed: 202, unauthentic: 401, limited: 503 },
  authenticate: authenticateHeader,
  parse: parseEnvelope(name),
});

export const distribution = createDistributionSource("distribution");

/** GitLab's own registry (self-managed) is a Distribution; gitlab.com sends no such events. */
export const gitlab = createDistributionSource("gitlab");
