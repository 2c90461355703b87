import { PipelineError } from "../../../errors.ts";
import { toBatches } from "../../remote/batches.ts";
import { at, type GoogleApi, parseJson } from "../google-api.ts";

export interface TopicMessage {
  readonly data: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface PubSubOptions {
  readonly api: GoogleApi;
  readonly project: string;
  /** Default: Google's own. */
  readonly baseUrl?: string;
}

/** Google allows 1,000 messages and 10 MB in one request, where data is a third longer. */
export const PUBLISH_LIMITS = { entries: 500, bytes: 5_000_000 };

export const PUBSUB_URL = "https://pubsub.googleapis.com";

/** The request that publishes these messages, for whoever sends it: we, or Cloud Tasks later. */
export const toPublishRequest = (
  { project, baseUrl = PUBSUB_URL }: Pick<PubSubOptions, "project" | "baseUrl">,
  topic: string,
  messages: readonly TopicMessage[],
): { readonly url: string; readonly body: unknown } => ({
  url: `${baseUrl}/v1/projects/${project}/topics/${topic}:publish`,
  body: {
    messages: messages.map(({ data, attributes }) => ({
      data: Buffer.from(data).toString("base64"),
      ...(attributes === undefined ? {} : { attributes }),
    })),
  },
});

/** What counts of a message. */
export const messageBytes = ({ data }: TopicMessage): number => Buffer.byteLength(data);

/** Publishes to a topic by its short name; durable once it resolves. */
export type Publish = (
  topic: string,
  messages: readonly TopicMessage[],
  signal?: AbortSignal,
) => Promise<void>;

/** Throws `QUEUE_UNAVAILABLE`. */
export const createPublish =
  (options: PubSubOptions): Publish =>
  async (topic, messages, signal) => {
    for (const batch of toBatches(messages, messageBytes, PUBLISH_LIMITS)) {
      const request = { method: "POST", ...toPublishRequest(options, topic, batch) } as const;
      const answer = await options.api(signal === undefined ? request : { ...request, signal });
      if (!answer.ok) {
        const wait = answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs };
        throw new PipelineError(`Pub/Sub topic ${topic}: ${answer.message} (${answer.status})`, {
          code: "QUEUE_UNAVAILABLE",
          cause: answer.cause,
          ...wait,
        });
      }
      const ids = at(parseJson(answer.bytes), "messageIds");
      if (!Array.isArray(ids) || ids.length !== batch.length) {
        throw new PipelineError(`Pub/Sub topic ${topic}: the answer is not as documented`, {
          code: "QUEUE_UNAVAILABLE",
        });
      }
    }
  };
