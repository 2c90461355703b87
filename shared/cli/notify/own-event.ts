import { PipelineError } from "../../errors.ts";
import { parseOwnEvent } from "../../push/own-event.ts";
import { usageError } from "../cli-error.ts";

export interface NotifySubject {
  /** As people write it; `oci://` is allowed. */
  readonly reference: string;
  readonly digest?: string;
  /** A signature was pushed for it, rather than the artifact. */
  readonly signed: boolean;
  readonly mediaType?: string;
  /** The same on every try, so that Sluice takes the event once. */
  readonly id: string;
}

const withDigest = ({ reference, digest }: NotifySubject): string => {
  const bare = reference.replace(/^oci:\/\//, "");
  if (digest === undefined) return bare;
  if (bare.includes("@") && !bare.endsWith(`@${digest}`)) {
    throw usageError(`${reference} names another digest than --digest ${digest}`);
  }
  return bare.includes("@") ? bare : `${bare}@${digest}`;
};

/** Sluice's own event, checked as the endpoint will check it: a typing error is said here. */
export const toOwnEvent = (subject: NotifySubject): string => {
  const event = {
    id: subject.id,
    event: subject.signed ? "signed" : "pushed",
    reference: withDigest(subject),
    ...(subject.mediaType === undefined ? {} : { mediaType: subject.mediaType }),
  };
  try {
    parseOwnEvent("sluice", event, { secrets: [], nowMs: 0 });
    return JSON.stringify(event);
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    throw usageError(`${event.reference} is not a reference with a tag or digest (${error.message})`);
  }
};
