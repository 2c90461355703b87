/**
 * What becomes of a message whose work ended in this error: `retry` puts it back, `drop` forgets it with a
 * record, `dead-letter` parks it for a person. What an attacker can cause must never be `retry` without end.
 */
export type Disposition = "retry" | "drop" | "dead-letter";

const DISPOSITION = {
  CONFIG_INVALID: "drop",
  PUSH_MALFORMED: "drop",
  PUSH_UNAUTHENTIC: "drop",
  PUSH_TOO_LARGE: "drop",
  REFERENCE_INVALID: "drop",
  MANIFEST_INVALID: "drop",
  REGISTRY_UNAVAILABLE: "retry",
  REGISTRY_DENIED: "retry",
  REGISTRY_DIGEST_MISMATCH: "retry",
  REGISTRY_BEHIND_EVENT: "retry",
  REGISTRY_BUDGET_SPENT: "retry",
  REGISTRY_TOO_LARGE: "drop",
  TRUST_ROOT_INVALID: "retry",
  SECRET_UNAVAILABLE: "retry",
  STATE_UNAVAILABLE: "retry",
  STATE_CONFLICT: "retry",
  QUEUE_UNAVAILABLE: "retry",
  BUS_UNAVAILABLE: "retry",
  SENDER_UNAVAILABLE: "retry",
  CATALOG_INVALID: "drop",
  CATALOG_UNAVAILABLE: "retry",
  CLUSTER_UNAVAILABLE: "retry",
  WORK_MALFORMED: "dead-letter",
  ROLLBACK_REFUSED: "drop",
  RECEIVER_ADDRESS_REFUSED: "drop",
} as const satisfies Record<string, Disposition>;

export type ErrorCode = keyof typeof DISPOSITION;

/** The only error class the domain throws. Branch on `code`; `message` is one line for people, without secrets. */
export class PipelineError extends Error {
  override readonly name = "PipelineError";
  readonly code: ErrorCode;
  /** When the other side named a time to wait (`Retry-After`), in milliseconds from now. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: { code: ErrorCode; cause?: unknown; retryAfterMs?: number }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.retryAfterMs = options.retryAfterMs;
  }

  get disposition(): Disposition {
    return DISPOSITION[this.code];
  }
}
