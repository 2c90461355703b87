import { QueueClient } from "@azure/storage-queue";
import type { EntraTokenSource } from "./entra-token.ts";
import { toTokenCredential } from "./token-credential.ts";

/** The pipeline tries again by itself, and knows more of when. */
const RETRIES = { maxTries: 4, retryDelayInMs: 200, maxRetryDelayInMs: 2_000 } as const;

/** A queue of an account, for whoever the tokens say that we are; account keys are never used. */
export const openQueue = (accountUri: string, name: string, tokens: EntraTokenSource): QueueClient =>
  new QueueClient(`${accountUri}/${name}`, toTokenCredential(tokens), { retryOptions: RETRIES });
