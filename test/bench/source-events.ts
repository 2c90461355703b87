import { type Announcement, EVENT_TYPE, toEnvelope } from "./event.ts";

/** One registry's way to announce a push. */
export interface SourceEvent {
  readonly source: string;
  /** What its events leave out, for whoever reads the figure. */
  readonly says: string;
  readonly contentType: string;
  readonly headers?: (push: Announcement) => Readonly<Record<string, string>>;
  readonly body: (push: Announcement) => string;
}

const JSON_TYPE = "application/json";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const SECONDS = 1_764_500_000;

const toHarbor = ({ host, repository, tag, digest }: Announcement): string => {
  const [namespace = "", name = ""] = repository.split("/");
  const resource = { digest, tag, resource_url: `${host}/${repository}:${tag}` };
  const about = { date_created: SECONDS, name, namespace, repo_full_name: repository, repo_type: "private" };
  const data = { resources: [resource], repository: about };
  return JSON.stringify({ type: "PUSH_ARTIFACT", occur_at: SECONDS, operator: "ci", event_data: data });
};

const toAcr = ({ id, host, repository, tag, digest }: Announcement): string => {
  const target = { mediaType: MANIFEST, size: 524, digest, length: 524, repository, tag };
  const request = { id, host, method: "PUT", useragent: "ci" };
  return JSON.stringify({ id, timestamp: "2026-01-02T03:04:05Z", action: "push", target, request });
};

const toPubSub = ({ id, host, repository, tag, digest }: Announcement): string => {
  const name = `${host}/${repository}`;
  const said = { action: "INSERT", digest: `${name}@${digest}`, tag: `${name}:${tag}` };
  const data = Buffer.from(JSON.stringify(said)).toString("base64");
  return JSON.stringify({
    subscription: "projects/p/subscriptions/s",
    message: { data, messageId: id, publishTime: "2026-01-02T03:04:05Z" },
  });
};

/** Sources that differ in what their events say; the others say what one of these does. */
export const SOURCE_EVENTS: readonly SourceEvent[] = [
  { source: "distribution", says: "tag, digest", contentType: EVENT_TYPE, body: toEnvelope },
  { source: "harbor", says: "tag, digest, no media type", contentType: JSON_TYPE, body: toHarbor },
  { source: "acr-webhook", says: "tag, digest", contentType: JSON_TYPE, body: toAcr },
  { source: "gar", says: "tag, digest, no media type", contentType: JSON_TYPE, body: toPubSub },
  {
    source: "zot",
    says: "tag, digest, no host",
    contentType: JSON_TYPE,
    headers: ({ id }) => ({
      "ce-specversion": "1.0",
      "ce-id": id,
      "ce-source": "zotregistry.dev",
      "ce-type": "zotregistry.image.updated",
    }),
    body: ({ repository, tag, digest }) =>
      JSON.stringify({ name: repository, reference: tag, digest, mediaType: MANIFEST }),
  },
  {
    source: "dockerhub",
    says: "tag alone",
    contentType: JSON_TYPE,
    body: ({ repository, tag }) =>
      JSON.stringify({
        push_data: { pushed_at: SECONDS, pusher: "ci", tag },
        repository: {
          repo_name: repository,
          namespace: repository.split("/")[0],
          name: repository.split("/")[1],
        },
      }),
  },
  {
    source: "quay",
    says: "tag alone",
    contentType: JSON_TYPE,
    body: ({ host, repository, tag }) =>
      JSON.stringify({
        name: repository.split("/")[1],
        repository,
        namespace: repository.split("/")[0],
        docker_url: `${host}/${repository}`,
        homepage: "",
        updated_tags: [tag],
      }),
  },
  {
    source: "sluice",
    says: "tag alone",
    contentType: JSON_TYPE,
    body: ({ host, repository, tag }) => JSON.stringify({ reference: `${host}/${repository}:${tag}` }),
  },
];
