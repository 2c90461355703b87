import type { Secret } from "../artifact/secret.ts";
import { PipelineError } from "../errors.ts";
import type { CallerIdentity } from "../ports.ts";
import type { EventContext } from "./cloud-event.ts";
import { toFailure } from "./network-failure.ts";
import { type Outcome, type OutcomeCode, outcomeOfStatus, unsent } from "./outcomes.ts";
import { type PreparedRequest, prepareRequests } from "./prepare.ts";
import type { DeliveryTarget } from "./target.ts";

/** Notification-controller cancels the work when the client hangs up, so a slow answer is waited for. */
export const ATTEMPT_TIMEOUT_MS = 60_000;
const IDENTITY_TIMEOUT_MS = 15_000;
const DRAIN_TIMEOUT_MS = 5_000;
const MAX_RESPONSE_BYTES = 64 * 1024;

/** The part of `fetch` that a delivery needs. `adapters/node/guarded-fetch.ts` gives one that checks addresses. */
export type PostFetch = (
  url: string,
  init: {
    readonly method: "POST";
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Uint8Array<ArrayBuffer>;
    readonly redirect: "manual";
    readonly signal: AbortSignal;
  },
) => Promise<{
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: ReadableStream<Uint8Array> | null;
}>;

/** A signal that aborts after a time, unless cleared: time, too, is injected. */
export type StartDeadline = (timeoutMs: number) => { readonly signal: AbortSignal; clear(): void };

export interface SenderDeps {
  readonly post: PostFetch;
  readonly nowMs: () => number;
  readonly startDeadline: StartDeadline;
  /** Absent: `generic-oidc` targets end in `identity-unavailable`. */
  readonly identityToken?: CallerIdentity;
  /** Of one request; default `ATTEMPT_TIMEOUT_MS`. */
  readonly timeoutMs?: number;
}

export interface DeliveryRequest extends EventContext {
  readonly target: DeliveryTarget;
  /** What `toDeliveryBodies` made. */
  readonly body: Uint8Array;
  /** Asked right before each request. Default: it may. */
  readonly mayLeave?: () => boolean;
}

export type Sender = (request: DeliveryRequest, signal: AbortSignal) => Promise<Outcome>;

interface Answer {
  readonly code: OutcomeCode;
  readonly status?: number;
  readonly retryAfter?: string;
  readonly unexpectedBody: boolean;
}

/** Ends with the signal even where `work` does not listen to it. */
const untilAborted = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
  if (signal.aborted) {
    work.catch(() => undefined);
    throw signal.reason;
  }
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    work.catch(() => undefined);
  }
};

/** Reads a little and throws it away, so that the connection can serve the next delivery. Returns whether there was any. */
const drain = async (
  body: ReadableStream<Uint8Array> | null,
  startDeadline: StartDeadline,
): Promise<boolean> => {
  if (body === null) return false;
  const reader = body.getReader();
  const deadline = startDeadline(DRAIN_TIMEOUT_MS);
  let readBytes = 0;
  try {
    while (readBytes <= MAX_RESPONSE_BYTES) {
      const { done, value } = await untilAborted(reader.read(), deadline.signal);
      if (done) return readBytes > 0;
      readBytes += value.byteLength;
    }
  } catch {
    // The status is known; what happens to the rest of the answer changes nothing.
  } finally {
    deadline.clear();
  }
  reader.cancel().catch(() => undefined);
  return readBytes > 0;
};

/** A target that cannot be used is an outcome too: it is parked where a person sees it. */
const prepare = (
  request: DeliveryRequest,
  bearer: Secret | undefined,
  attemptAtMs: number,
): readonly PreparedRequest[] | OutcomeCode => {
  try {
    return prepareRequests(request, bearer, attemptAtMs);
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    if (error.code === "CONFIG_INVALID") return "misconfigured";
    if (error.code === "SECRET_UNAVAILABLE") return "identity-unavailable";
    throw error;
  }
};

/** Tokens are tried in order; only these answers can mean "I know another token". */
const asksForOtherToken = (code: OutcomeCode): boolean => code === "not-found" || code === "bad-request";

/** Sends one delivery once. Never throws for what the other side does; secrets stay inside. */
export const createSender = (deps: SenderDeps): Sender => {
  const { post, nowMs, startDeadline, identityToken, timeoutMs = ATTEMPT_TIMEOUT_MS } = deps;
  const withDeadline = async <T>(
    limitMs: number,
    outer: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | "timed-out"> => {
    const deadline = startDeadline(limitMs);
    const signal = AbortSignal.any([outer, deadline.signal]);
    try {
      return await untilAborted(work(signal), signal);
    } catch (error) {
      if (deadline.signal.aborted && !outer.aborted) return "timed-out";
      throw error;
    } finally {
      deadline.clear();
    }
  };

  const postOnce = async (request: PreparedRequest, outer: AbortSignal): Promise<Answer> => {
    const failed = (code: OutcomeCode): Answer => ({ code, unexpectedBody: false });
    try {
      const response = await withDeadline(timeoutMs, outer, (signal) =>
        post(request.url.reveal(), {
          method: "POST",
          headers: request.headers,
          body: new Uint8Array(request.body),
          redirect: "manual",
          signal,
        }),
      );
      if (response === "timed-out") return failed("timed-out");
      const { status, headers } = response;
      const hadBody = await drain(response.body, startDeadline);
      const retryAfter = headers.get("retry-after")?.slice(0, 64);
      const unexpectedBody = request.kind === "flux" && status === 200 && hadBody;
      const answer = { code: outcomeOfStatus(status, request.kind), status, unexpectedBody };
      return retryAfter === undefined ? answer : { ...answer, retryAfter };
    } catch (error) {
      return failed(outer.aborted ? "cancelled" : toFailure(error));
    }
  };

  const fetchToken = async (audience: string, outer: AbortSignal): Promise<Secret | OutcomeCode> => {
    if (identityToken === undefined) return "identity-unavailable";
    try {
      const token = await withDeadline(IDENTITY_TIMEOUT_MS, outer, (signal) =>
        identityToken(audience, signal),
      );
      return token === "timed-out" ? "identity-unavailable" : token;
    } catch {
      return outer.aborted ? "cancelled" : "identity-unavailable";
    }
  };

  /** The first answer stands unless an older token finds the receiver. */
  const tryTokens = async (
    prepared: readonly PreparedRequest[],
    mayLeave: () => boolean,
    signal: AbortSignal,
  ): Promise<Omit<Outcome, "durationMs">> => {
    let first: Answer | undefined;
    let requests = 0;
    for (const request of prepared) {
      if (!mayLeave()) break;
      const answer = await postOnce(request, signal);
      requests += 1;
      first ??= answer;
      if (!asksForOtherToken(answer.code)) {
        return { ...answer, requests, usedPreviousToken: requests > 1 };
      }
      // No Receiver at the older token's path either: another key for that path cannot help.
      if (requests > 1 && answer.code === "not-found") break;
    }
    return { ...(first ?? unsent("cancelled")), requests, usedPreviousToken: false };
  };

  return async (request, signal) => {
    const startedAtMs = nowMs();
    const tookMs = (): number => Math.max(0, nowMs() - startedAtMs);

    if (signal.aborted) return unsent("cancelled", tookMs());
    const audience =
      request.target.kind === "endpoint"
        ? request.target.audience
        : request.target.authentication.kind === "generic-oidc"
          ? request.target.authentication.audience
          : undefined;
    const bearer = audience === undefined ? undefined : await fetchToken(audience, signal);
    if (typeof bearer === "string") return unsent(bearer, tookMs());
    const prepared = prepare(request, bearer, startedAtMs);
    if (typeof prepared === "string") return unsent(prepared, tookMs());
    const outcome = await tryTokens(prepared, request.mayLeave ?? (() => true), signal);
    return { ...outcome, durationMs: tookMs() };
  };
};
