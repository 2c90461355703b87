import { type ErrorCode, PipelineError } from "../errors.ts";
import type { OutcomeCode } from "./outcomes.ts";

const BY_CODE: Readonly<Record<string, OutcomeCode>> = {
  ENOTFOUND: "unresolved",
  EAI_AGAIN: "unresolved",
  EAI_FAIL: "unresolved",
  ENODATA: "unresolved",
  ECONNREFUSED: "unreachable",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  EHOSTDOWN: "unreachable",
  ETIMEDOUT: "unreachable",
  EADDRNOTAVAIL: "unreachable",
  UND_ERR_CONNECT_TIMEOUT: "unreachable",
  UND_ERR_HEADERS_TIMEOUT: "timed-out",
  UND_ERR_BODY_TIMEOUT: "timed-out",
  EPROTO: "tls-failed",
};

const BY_OWN_CODE: Readonly<Partial<Record<ErrorCode, OutcomeCode>>> = {
  RECEIVER_ADDRESS_REFUSED: "address-refused",
  CONFIG_INVALID: "misconfigured",
  SECRET_UNAVAILABLE: "identity-unavailable",
};

/** OpenSSL's verification codes as Node names them, and Node's own. */
const TLS =
  /^(?:CERT_|CRL_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|DEPTH_ZERO_SELF|SELF_SIGNED_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_)/;

const MAX_CAUSES = 8;

/** The error and what it came from, some steps deep: a cause may point back at its effect. */
const withCauses = (error: unknown): readonly unknown[] => {
  const chain: unknown[] = [];
  const open: unknown[] = [error];
  while (open.length > 0 && chain.length < MAX_CAUSES) {
    const next = open.shift();
    if (!(next instanceof Error)) continue;
    chain.push(next);
    open.push(next.cause);
    if (next instanceof AggregateError) open.push(...next.errors.slice(0, MAX_CAUSES));
  }
  return chain;
};

const codeOf = (error: unknown): OutcomeCode | undefined => {
  if (error instanceof PipelineError) return BY_OWN_CODE[error.code];
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (typeof code !== "string") return undefined;
  return TLS.test(code) ? "tls-failed" : BY_CODE[code];
};

/** What a failed request came to. Only the error's code is looked at: its message may name the path. */
export const toFailure = (error: unknown): OutcomeCode => {
  for (const step of withCauses(error)) {
    const code = codeOf(step);
    if (code !== undefined) return code;
  }
  // The connection was there, or we would have a code that says otherwise.
  return "connection-lost";
};
