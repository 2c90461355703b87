import { PipelineError } from "../../../errors.ts";
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

/** Google allows 1,000 messages and 10 MB in one request. */
const MAX_BATCH = 500;
const MAX_BATCH_BYTES = 5_000_000;

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

const toBatches = (messages: readonly TopicMessage[]): readonly (readonly TopicMessage[])[] => {
  const batches: TopicMessage[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = Buffer.byteLength(message.data);
    const batch = batches.at(-1);
    if (batch === undefined || batch.length === MAX_BATCH || bytes + size > MAX_BATCH_BYTES) {
      batches.push([message]);
      bytes = size;
    } else {
      batch.push(message);
      bytes += size;
    }
  }
  return batches;
};

/** Publishes to a topic by its short name; durable once it resolves. */
export type Publish = (topic: string, messages: readonly TopicMessage[]) => Promise<void>;

/** Throws `QUEUE_UNAVAILABLE`. */
export const createPublish =
  (options: PubSubOptions): Publish =>
  async (topic, messages) => {
    for (const batch of toBatches(messages)) {
      const answer = await options.api({ method: "POST", ...toPublishRequest(options, topic, batch) });
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
