import { PipelineError } from "../../../errors.ts";

const DENIED: ReadonlySet<string> = new Set([
  "AccessDeniedException",
  "CredentialsProviderError",
  "ExpiredTokenException",
  "InvalidSignatureException",
  "UnrecognizedClientException",
]);

const NOBODY =
  "no AWS identity here, neither in the environment nor in ~/.aws nor from a container's or an instance's metadata";

/** What ECR's API answers, as the pipeline's own error. */
export const toRegistryError = (host: string, what: string, cause: unknown): PipelineError => {
  if (cause instanceof PipelineError) return cause;
  const name = cause instanceof Error ? cause.name : "unknown error";
  const code = DENIED.has(name) ? "REGISTRY_DENIED" : "REGISTRY_UNAVAILABLE";
  const reason = name === "CredentialsProviderError" ? NOBODY : name;
  // Without the cause: an answer that cannot be read is quoted there, and it may hold a token.
  return new PipelineError(`${host}, ${what}: ${reason}`, { code });
};
