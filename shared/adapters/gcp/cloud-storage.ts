import { PipelineError } from "../../errors.ts";
import type { ObjectReader } from "../../ports.ts";
import type { GoogleApi } from "./google-api.ts";

export interface CloudStorageOptions {
  readonly api: GoogleApi;
  /** Default: Google's own. */
  readonly baseUrl?: string;
}

const GS = /^gs:\/\/([a-z0-9][a-z0-9._-]{1,220})\/(.{1,1024})$/s;

/** Objects of Cloud Storage by `gs://bucket/name`. */
export const createCloudStorageReader = ({
  api,
  baseUrl = "https://storage.googleapis.com",
}: CloudStorageOptions): ObjectReader => ({
  async read(address, maxBytes, signal) {
    const [, bucket, object] = GS.exec(address) ?? [];
    if (bucket === undefined || object === undefined) {
      throw new PipelineError(`${address}: write gs://BUCKET/OBJECT`, { code: "CATALOG_INVALID" });
    }
    const url = `${baseUrl}/storage/v1/b/${bucket}/o/${encodeURIComponent(object)}?alt=media`;
    const answer = await api({ method: "GET", url, signal, maxBytes });
    if (answer.ok) return answer.bytes;
    const invalid = answer.status === "NOT_FOUND" || answer.status === "TOO_LARGE";
    throw new PipelineError(`${address}: ${answer.message} (${answer.status})`, {
      code: invalid ? "CATALOG_INVALID" : "CATALOG_UNAVAILABLE",
      cause: answer.cause,
    });
  },
});
