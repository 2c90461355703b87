import { PipelineError } from "../../errors.ts";
import type { GoogleApi } from "./google-api.ts";

export interface CloudTasksOptions {
  readonly api: GoogleApi;
  /** `projects/<project>/locations/<location>/queues/<queue>` */
  readonly queue: string;
  /** Whom Cloud Tasks acts as when it sends the request; its token never passes through here. */
  readonly serviceAccount: string;
  readonly nowMs: () => number;
  /** Default: Google's own. */
  readonly baseUrl?: string;
}

export interface LaterRequest {
  readonly url: string;
  /** Sent as JSON. */
  readonly body: unknown;
  readonly delayMs: number;
}

/** Has a Google API called later; durable once it resolves. */
export type Schedule = (request: LaterRequest) => Promise<void>;

/** Cloud Tasks keeps a task for at most 30 days; what is due later than that is looked at earlier. */
const MAX_DELAY_MS = 29 * 24 * 3_600_000;

/**
 * Pub/Sub has no delay; Cloud Tasks has, to the second. A task is one HTTP request to a Google API, made with the
 * service account's own access token. Throws `QUEUE_UNAVAILABLE`.
 */
export const createSchedule =
  ({
    api,
    queue,
    serviceAccount,
    nowMs,
    baseUrl = "https://cloudtasks.googleapis.com",
  }: CloudTasksOptions): Schedule =>
  async ({ url, body, delayMs }) => {
    const atMs = nowMs() + Math.min(delayMs, MAX_DELAY_MS);
    const answer = await api({
      method: "POST",
      url: `${baseUrl}/v2/${queue}/tasks`,
      body: {
        task: {
          scheduleTime: new Date(atMs).toISOString(),
          httpRequest: {
            url,
            httpMethod: "POST",
            headers: { "content-type": "application/json" },
            body: Buffer.from(JSON.stringify(body)).toString("base64"),
            oauthToken: {
              serviceAccountEmail: serviceAccount,
              scope: "https://www.googleapis.com/auth/pubsub",
            },
          },
        },
      },
    });
    if (answer.ok) return;
    throw new PipelineError(`Cloud Tasks: ${answer.message} (${answer.status})`, {
      code: "QUEUE_UNAVAILABLE",
      cause: answer.cause,
      ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs }),
    });
  };
