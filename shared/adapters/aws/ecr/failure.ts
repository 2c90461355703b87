import { PipelineError } from "../../../errors.ts";

const DENIED: ReadonlySet<string> = new Set([
  "AccessDeniedException",
  "CredentialsProviderError",
  "ExpiredTokenException",
  "InvalidSignatureException",
  "UnrecognizedClientException",
]);

/** What ECR's API answers, as the pipeline's own error. */
export const toRegistryError = (host: string, what: string, cause: unknown): PipelineError => {
  if (cause instanceof PipelineError) return cause;
  const name = cause instanceof Error ? cause.name : "unknown error";
  const code = DENIED.has(name) ? "REGISTRY_DENIED" : "REGISTRY_UNAVAILABLE";
  return new PipelineError(`${host}, ${what}: ${name}`, { code, cause });
};
