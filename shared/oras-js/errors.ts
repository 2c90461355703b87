/** Whether sending the same request again, unchanged, may end otherwise. */
const RETRYABLE = {
  REFERENCE_INVALID: false,
  CONFIG_INVALID: false,
  CREDENTIALS_FAILED: true,
  NETWORK: true,
  TIMEOUT: true,
  ABORTED: false,
  UNAUTHORIZED: false,
  DENIED: false,
  NOT_FOUND: false,
  RATE_LIMITED: true,
  UNAVAILABLE: true,
  UNSUPPORTED: false,
  UNEXPECTED_STATUS: false,
  RESPONSE_MALFORMED: true,
  MANIFEST_INVALID: false,
  DIGEST_MISMATCH: true,
  TOO_LARGE: false,
  REDIRECT_REFUSED: false,
  REALM_REFUSED: false,
  PAGING_REFUSED: false,
  FALLBACK_CONFLICT: true,
} as const satisfies Record<string, boolean>;

export type OrasErrorCode = keyof typeof RETRYABLE;

export interface OrasErrorOptions {
  readonly code: OrasErrorCode;
  readonly cause?: unknown;
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly specCodes?: readonly string[];
}

/** The only error class this package throws. Branch on `code`; `message` is one line for people, without secrets. */
export class OrasError extends Error {
  override readonly name = "OrasError";
  readonly code: OrasErrorCode;
  /** HTTP status of the answer that caused it, where there was one. */
  readonly status: number | undefined;
  /** What `Retry-After` asked for, from now. */
  readonly retryAfterMs: number | undefined;
  /** Codes of the OCI error body (`MANIFEST_UNKNOWN`, `DENIED`, …), as the registry sent them. */
  readonly specCodes: readonly string[];

  constructor(message: string, options: OrasErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
    this.specCodes = options.specCodes ?? [];
  }

  get retryable(): boolean {
    return RETRYABLE[this.code];
  }
}

const LONGEST_QUOTE = 120;

/** Quotes untrusted text for a message: one line, bounded, no control characters that could forge log lines. */
export const quote = (text: string): string => {
  const shown = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
  return JSON.stringify(shown).replace(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
};
