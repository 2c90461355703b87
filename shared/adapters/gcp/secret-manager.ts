import { Secret } from "../../artifact/secret.ts";
import { PipelineError } from "../../errors.ts";
import type { Clock } from "../../ports.ts";
import { at, type GoogleApi, parseJson, textAt } from "./google-api.ts";

export interface SecretManagerOptions {
  readonly api: GoogleApi;
  readonly project: string;
  readonly clock: Clock;
  /** Default: Google's own. */
  readonly baseUrl?: string;
}

/** Reads one secret by its name in the platform's store. Throws `SECRET_UNAVAILABLE`; never an empty secret. */
export type ReadNamedSecret = (name: string) => Promise<Secret>;

/** How long a rotated secret may stay unknown. */
const KEPT_MS = 60_000;

const NAME = /^(?:projects\/[^/]+\/)?(?:secrets\/)?([A-Za-z0-9_-]{1,255})(?:\/versions\/(latest|\d{1,20}))?$/;

/** `name`, `name/versions/3`, or the full `projects/…/secrets/…`. */
const toResource = (name: string, project: string): string => {
  const [, secret, version = "latest"] = NAME.exec(name) ?? [];
  if (secret === undefined) {
    throw new PipelineError(
      `secret ${name}: write NAME, NAME/versions/N or projects/PROJECT/secrets/NAME/versions/N`,
      { code: "SECRET_UNAVAILABLE" },
    );
  }
  const owner = name.startsWith("projects/") ? name.split("/")[1] : project;
  return `projects/${owner}/secrets/${secret}/versions/${version}`;
};

/** Secrets of Secret Manager; what was read is kept for a minute, so that a delivery costs no access of its own. */
export const createSecretManager = ({
  api,
  project,
  clock,
  baseUrl = "https://secretmanager.googleapis.com",
}: SecretManagerOptions): ReadNamedSecret => {
  const kept = new Map<string, { readonly secret: Secret; readonly untilMs: number }>();
  return async (name) => {
    const resource = toResource(name, project);
    const known = kept.get(resource);
    if (known !== undefined && clock.nowMs() < known.untilMs) return known.secret;
    const answer = await api({ method: "GET", url: `${baseUrl}/v1/${resource}:access` });
    if (!answer.ok) {
      throw new PipelineError(`secret ${name}: ${answer.message} (${answer.status})`, {
        code: "SECRET_UNAVAILABLE",
        cause: answer.cause,
      });
    }
    const bytes = Buffer.from(textAt(at(parseJson(answer.bytes), "payload"), "data") ?? "", "base64");
    // An empty HMAC key or token would be accepted everywhere and protect nothing.
    if (bytes.byteLength === 0) {
      throw new PipelineError(`secret ${name} is empty`, { code: "SECRET_UNAVAILABLE" });
    }
    const secret = new Secret(bytes);
    kept.set(resource, { secret, untilMs: clock.nowMs() + KEPT_MS });
    return secret;
  };
};
