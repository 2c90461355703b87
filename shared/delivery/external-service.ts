import { createHash, timingSafeEqual } from "node:crypto";
import type { Digest } from "../artifact/digest.ts";
import { formatArtifact, formatRepository, type RepositoryName } from "../artifact/repository.ts";
import type { Secret } from "../artifact/secret.ts";
import type { Identity } from "../ports.ts";

/** What flux-operator reads of an ExternalService's answer. */
export const MAX_ANSWER_BYTES = 900 * 1024;

/** One repository of one environment and what may be deployed of it now. */
export interface InputCandidate {
  /** Unique in the answer and stable: the operator tells inputs apart by it. */
  readonly id: string;
  readonly repository: RepositoryName;
  /** An earlier answer had this id: leaving it out now would make the operator remove what it deployed. */
  readonly answeredBefore: boolean;
  /** The newest one that was verified. */
  readonly version?: {
    readonly tag?: string;
    readonly digest: Digest;
    readonly decisionId: string;
    readonly identity?: Identity;
  };
}

export type ExternalServiceAnswer =
  | { readonly kind: "answer"; readonly body: Uint8Array; readonly inputs: number }
  /** To be answered 503: the operator then keeps what it has. */
  | {
      readonly kind: "unavailable";
      readonly reason: "duplicate-id" | "version-missing" | "too-many" | "too-large";
    };

const toInput = ({ id, repository, version }: InputCandidate) => {
  if (version === undefined) return undefined;
  const { tag, digest, decisionId, identity } = version;
  return {
    id,
    artifact: formatArtifact({ ...repository, digest }),
    url: `oci://${formatRepository(repository)}`,
    registry: repository.registry,
    repository: repository.repository,
    ...(tag === undefined ? {} : { tag }),
    digest,
    ...(identity === undefined ? {} : { issuer: identity.issuer, subject: identity.subject }),
    decision: decisionId,
  };
};

/**
 * The answer to a ResourceSetInputProvider of type ExternalService: `{"inputs":[{"id","artifact","url","registry",
 * "repository","tag"?,"digest","issuer"?,"subject"?,"decision"}]}`, sorted by id. All or nothing: a shorter list is
 * an order to delete, so whatever is in doubt makes the whole answer unavailable. `limit` is the provider's
 * `spec.filter.limit`, beyond which the operator cuts inputs off silently.
 */
export const toExternalServiceAnswer = (
  candidates: readonly InputCandidate[],
  limit: number,
): ExternalServiceAnswer => {
  const unavailable = (
    reason: Extract<ExternalServiceAnswer, { kind: "unavailable" }>["reason"],
  ): ExternalServiceAnswer => ({ kind: "unavailable", reason });
  if (new Set(candidates.map(({ id }) => id)).size < candidates.length) return unavailable("duplicate-id");
  const inputs = [];
  for (const candidate of candidates) {
    const input = toInput(candidate);
    if (input !== undefined) inputs.push(input);
    else if (candidate.answeredBefore) return unavailable("version-missing");
  }
  if (inputs.length > limit) return unavailable("too-many");
  inputs.sort((a, b) => (a.id < b.id ? -1 : 1));
  const body = new TextEncoder().encode(JSON.stringify({ inputs }));
  return body.length > MAX_ANSWER_BYTES
    ? unavailable("too-large")
    : { kind: "answer", body, inputs: inputs.length };
};

/** Equal in a time that tells nothing, not even the length. The operator trims its Secret's values, so ours are too. */
const sameText = (given: string, secret: Secret): boolean => {
  const hash = (text: string): Uint8Array => createHash("sha256").update(text).digest();
  const expected = secret.reveal().trim();
  return expected !== "" && timingSafeEqual(hash(given), hash(expected));
};

const CREDENTIALS = /^(bearer|basic) +([\x21-\x7e]{1,4096})$/i;

/**
 * Checks the operator's `Authorization` header: `Bearer <token>`, or `Basic` with any user name and a token as
 * password. Several tokens while one is being rotated; none: nobody gets in.
 */
export const isAuthorized = (authorization: string | undefined, tokens: readonly Secret[]): boolean => {
  const match = CREDENTIALS.exec(authorization ?? "");
  if (match === null) return false;
  const value = match[2] ?? "";
  let given = value;
  if (match[1]?.toLowerCase() === "basic") {
    const pair = Buffer.from(value, "base64").toString();
    const colon = pair.indexOf(":");
    if (colon === -1) return false;
    given = pair.slice(colon + 1);
  }
  return tokens.map((token) => sameText(given, token)).includes(true);
};
