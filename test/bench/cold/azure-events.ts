import type { AppName } from "../../../infra/azure/package.ts";
import { encodeWork } from "../../../shared/work-message.ts";
import { EVENT_PATH, EVENT_TYPE, toEnvelope } from "../event.ts";

export const SECRET = "cold-start";
const DIGEST = `sha256:${"a".repeat(64)}`;
const HOST = "https://sluice.example";

/** What the host hands to the function that an app registers first; text alone, so that it can be a file. */
export interface FirstInvocation {
  readonly string?: string;
  readonly json?: string;
  readonly http?: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly text: string;
  };
}

const ACR_PUSH = {
  id: "831e1650-001e-001b-66ab-eeb76e069631",
  topic: "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme",
  subject: "nobody/follows-this:1.0.0",
  eventType: "Microsoft.ContainerRegistry.ImagePushed",
  eventTime: "2026-11-16T01:54:34Z",
  data: {
    id: "31c51664-e5bd-416a-a5df-e5206bc47ed0",
    timestamp: "2026-11-16T01:54:34Z",
    action: "push",
    target: {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      size: 3_023,
      digest: DIGEST,
      length: 3_023,
      repository: "nobody/follows-this",
      tag: "1.0.0",
    },
    request: { id: "r", host: "acme.azurecr.io", method: "PUT", useragent: "oras" },
  },
  dataVersion: "1.0",
  metadataVersion: "1",
};

/** The first event that each app gets: one that asks little of us, so that the start is what shows. */
export const INVOCATIONS: Readonly<Record<AppName, FirstInvocation>> = {
  intake: {
    http: {
      method: "POST",
      url: `${HOST}${EVENT_PATH}`,
      headers: { "content-type": EVENT_TYPE, authorization: SECRET },
      text: toEnvelope({
        id: "cold",
        host: "registry.example",
        repository: "acme/app",
        tag: "1.0.0",
        digest: DIGEST,
      }),
    },
  },
  evaluate: { string: JSON.stringify(ACR_PUSH) },
  deliver: { string: encodeWork({ id: "d", work: { kind: "deliver", receiver: "production/apps/sluice" } }) },
  sweep: { json: JSON.stringify({ Schedule: {}, IsPastDue: false }) },
  inputs: {
    http: {
      method: "GET",
      url: `${HOST}/clusters/production/inputs`,
      headers: { authorization: `Bearer ${SECRET}` },
      text: "",
    },
  },
};
