import type { PushedImage } from "../../world/images.ts";
import { REGISTRY } from "./front.ts";

export interface Announced {
  readonly image: PushedImage;
  readonly tag: string;
}

let events = 0;

const toData = ({ image, tag }: Announced) => ({
  id: "31c51664-e5bd-416a-a5df-e5206bc47ed0",
  timestamp: "2026-11-20T21:39:47.276585742Z",
  action: "push",
  target: {
    mediaType: image.mediaType,
    size: image.size,
    digest: image.digest,
    length: image.size,
    repository: image.repository,
    tag,
  },
  request: {
    id: "7c66f28b-de19-40a4-821c-6f5f6c0003a4",
    host: REGISTRY,
    method: "PUT",
    useragent: "docker/27.3.1",
  },
});

export const TOPIC_ID =
  "/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/acme";

/** As Azure documents them: event-schema-container-registry, both schemas. */
export const SCHEMAS = {
  "Event Grid": (announced: Announced): object => ({
    id: `event-${++events}`,
    topic: TOPIC_ID,
    subject: `${announced.image.repository}:${announced.tag}`,
    eventType: "Microsoft.ContainerRegistry.ImagePushed",
    eventTime: "2026-11-20T21:39:47.6549614Z",
    data: toData(announced),
    dataVersion: "1.0",
    metadataVersion: "1",
  }),
  CloudEvents: (announced: Announced): object => ({
    id: `event-${++events}`,
    source: TOPIC_ID,
    subject: `${announced.image.repository}:${announced.tag}`,
    type: "Microsoft.ContainerRegistry.ImagePushed",
    time: "2026-11-20T21:39:47.6549614Z",
    data: toData(announced),
    specversion: "1.0",
  }),
} as const;
