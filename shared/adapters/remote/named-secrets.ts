import type { Secret } from "../../artifact/secret.ts";

/**
 * Asks a platform's own secret store for one secret, each time. That there is none, an empty one, or none for us is an
 * answer too, in one line without secrets; without an answer it throws `SECRET_UNAVAILABLE`.
 */
export type NamedSecrets = (
  name: string,
  signal: AbortSignal,
) => Promise<Secret | { readonly refused: string }>;
