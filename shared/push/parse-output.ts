import type { Push } from "../ports.ts";

/** One element of what `sluice parse` prints; fields the event does not have are left out. */
export interface ParsedPush {
  readonly source: string;
  readonly kind: Push["kind"];
  readonly registry?: string;
  readonly repository?: string;
  readonly tag?: string;
  readonly digest?: string;
  readonly mediaType?: string;
  readonly subject?: string;
  readonly reason?: string;
  readonly id?: string;
}

const FIELDS = ["registry", "repository", "tag", "digest", "mediaType", "subject", "reason", "id"] as const;

/** The same fields in the same order for every source, so that the output can be compared and documented. */
export const toParseOutput = (pushes: readonly Push[]): readonly ParsedPush[] =>
  pushes.map((push) => ({
    source: push.source,
    kind: push.kind,
    ...Object.fromEntries(
      FIELDS.flatMap((field) => (push[field] === undefined ? [] : [[field, push[field]]])),
    ),
  }));
