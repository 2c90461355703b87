import { Secret } from "../../artifact/secret.ts";
import { PipelineError } from "../../errors.ts";
import type { NamedSecrets } from "../remote/named-secrets.ts";
import { at, type GoogleApi, parseJson, textAt } from "./google-api.ts";

export interface SecretManagerOptions {
  readonly api: GoogleApi;
  readonly project: string;
  /** Default: Google's own. */
  readonly baseUrl?: string;
}

const NAME = /^(?:projects\/[^/]+\/)?(?:secrets\/)?([A-Za-z0-9_-]{1,255})(?:\/versions\/(latest|\d{1,20}))?$/;

/** A secret has at most 64 KiB. */
const MAX_BYTES = 256 * 1024;

/** Google's words for what asking again does not change; a disabled version fails its precondition. */
const REFUSALS: ReadonlySet<string> = new Set([
  "FAILED_PRECONDITION",
  "INVALID_ARGUMENT",
  "NOT_FOUND",
  "PERMISSION_DENIED",
]);

/** `name`, `name/versions/3`, or the full `projects/…/secrets/…`. */
const toResource = (name: string, project: string): string | undefined => {
  const [, secret, version = "latest"] = NAME.exec(name) ?? [];
  if (secret === undefined) return undefined;
  const owner = name.startsWith("projects/") ? name.split("/")[1] : project;
  return `projects/${owner}/secrets/${secret}/versions/${version}`;
};

/** Secrets of Secret Manager by their name. */
export const createSecretManager =
  ({ api, project, baseUrl = "https://secretmanager.googleapis.com" }: SecretManagerOptions): NamedSecrets =>
  async (name, signal) => {
    const resource = toResource(name, project);
    if (resource === undefined) {
      return { refused: "write NAME, NAME/versions/N or projects/PROJECT/secrets/NAME/versions/N" };
    }
    const unavailable = (why: string, cause?: unknown): PipelineError =>
      new PipelineError(`secret ${name}: ${why}`, { code: "SECRET_UNAVAILABLE", cause });
    const answer = await api({
      method: "GET",
      url: `${baseUrl}/v1/${resource}:access`,
      signal,
      maxBytes: MAX_BYTES,
    });
    if (!answer.ok) {
      const why = `${answer.message} (${answer.status})`;
      if (REFUSALS.has(answer.status)) return { refused: why };
      throw unavailable(why, answer.cause);
    }
    const payload = at(parseJson(answer.bytes), "payload");
    if (payload === undefined) throw unavailable("the answer holds no secret");
    const bytes = Buffer.from(textAt(payload, "data") ?? "", "base64");
    return bytes.byteLength === 0 ? { refused: "is empty" } : new Secret(bytes);
  };
