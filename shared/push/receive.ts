import { PipelineError } from "../errors.ts";
import type { IncomingRequest, Push } from "../ports.ts";
import type { Authenticity, RefusalReason } from "./authentication.ts";
import type { Answer, PushSource, SourceOptions } from "./source.ts";

/** What became of a request. The caller sends `answer`; for `pushes` only once they are stored. */
export type Received =
  | {
      readonly kind: "pushes";
      readonly pushes: readonly Push[];
      readonly by: Authenticity;
      /** False for hints: the sender proved at most that it knows an address. */
      readonly trusted: boolean;
      readonly answer: Answer;
    }
  | { readonly kind: "handshake"; readonly answer: Answer }
  | { readonly kind: "refused"; readonly reason: RefusalReason | "method"; readonly answer: Answer }
  | { readonly kind: "unreadable"; readonly error: PipelineError; readonly answer: Answer };

const answerWith = (status: number, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers,
  body: "",
});

const unreadable = (source: PushSource, error: PipelineError): Received => {
  const status = error.code === "PUSH_TOO_LARGE" ? 413 : source.answers.malformed;
  return { kind: "unreadable", error, answer: answerWith(status) };
};

const tooManyBytes = ({ name, maxBytes }: PushSource): PipelineError =>
  new PipelineError(`${name}: body exceeds ${maxBytes} bytes`, { code: "PUSH_TOO_LARGE" });

/**
 * Authenticates and reads one request of a source, and says what its sender must hear. Throws only when it could
 * not decide (an issuer's keys are out of reach): answer 503, so that the sender tries again.
 */
export const receivePushes = async (
  source: PushSource,
  request: IncomingRequest,
  options: SourceOptions,
): Promise<Received> => {
  const consent = source.consent?.(request, options);
  if (consent !== undefined) return { kind: "handshake", answer: consent };
  if (request.method !== "POST")
    return { kind: "refused", reason: "method", answer: answerWith(405, { allow: "POST" }) };
  if (request.body.length > source.maxBytes) return unreadable(source, tooManyBytes(source));

  const authentication = await source.authenticate(request, options);
  if (!authentication.authentic)
    return {
      kind: "refused",
      reason: authentication.reason,
      answer: answerWith(source.answers.unauthentic),
    };

  const { by } = authentication;
  try {
    const answer = source.handshake?.(request, options);
    if (answer !== undefined) return { kind: "handshake", answer };
    const pushes = source.parse(request, options);
    return {
      kind: "pushes",
      pushes,
      by,
      trusted: by !== "none",
      answer: answerWith(source.answers.accepted),
    };
  } catch (error) {
    if (error instanceof PipelineError) return unreadable(source, error);
    throw error;
  }
};
