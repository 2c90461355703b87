import { TableClient } from "@azure/data-tables";
import type { EntraTokenSource } from "./entra-token.ts";
import { toTokenCredential } from "./token-credential.ts";

/** The pipeline tries again by itself, and knows more of when. */
const RETRIES = { maxRetries: 3, retryDelayInMs: 200, maxRetryDelayInMs: 2_000 } as const;

/** A table of an account, for whoever the tokens say that we are; account keys are never used. */
export const openTable = (accountUri: string, name: string, tokens: EntraTokenSource): TableClient =>
  new TableClient(accountUri, name, toTokenCredential(tokens), { retryOptions: RETRIES });
