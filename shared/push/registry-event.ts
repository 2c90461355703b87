import * as v from "valibot";
import { isManifestType } from "../artifact/media-types.ts";
import type { Push } from "../ports.ts";
import { type IgnoredReason, toIgnored } from "./ignored.ts";
import { malformed } from "./malformed.ts";
import { toEventId, toPush } from "./normalise.ts";
import { optionalText, parseShape } from "./shape.ts";
import type { SourceName, SourceOptions } from "./source.ts";

const EVENT = v.object({
  id: optionalText,
  action: v.string(),
  target: v.nullish(
    v.object({
      repository: optionalText,
      digest: optionalText,
      tag: optionalText,
      mediaType: optionalText,
      url: optionalText,
    }),
  ),
  request: v.nullish(v.object({ host: optionalText })),
});

type RegistryEvent = v.InferOutput<typeof EVENT>;

const REASON_BY_ACTION: ReadonlyMap<string, IgnoredReason> = new Map([
  ["pull", "pull"],
  ["delete", "delete"],
  ["mount", "mount"],
  ["ping", "ping"],
  ["quarantine", "quarantine"],
  ["chart_push", "legacy-chart"],
  ["chart_delete", "legacy-chart"],
]);

export interface RegistryEventContext {
  readonly source: SourceName;
  readonly options: SourceOptions;
  /** Where the event stands in the body, for errors. */
  readonly at?: string;
  /** Used when the event names no host. */
  readonly host?: string | undefined;
  /** The sender also announces layers and configs. */
  readonly announcesBlobs: boolean;
  /** Replaces the event's own id, where an envelope has the one that redeliveries repeat. */
  readonly id?: string | undefined;
}

const hostOf = (event: RegistryEvent): string | undefined => {
  const host = event.request?.host;
  if (typeof host === "string" && host !== "") return host;
  const url = event.target?.url;
  return typeof url === "string" && URL.canParse(url) ? new URL(url).host || undefined : undefined;
};

/** The event that Distribution made and that GitLab and Azure's registry send as well. */
export const parseRegistryEvent = (value: unknown, context: RegistryEventContext): Push => {
  const { source, options, at, announcesBlobs } = context;
  const event = parseShape(source, EVENT, value, at);
  const { repository, digest, tag, mediaType } = event.target ?? {};
  const id = context.id ?? toEventId(event.id);
  const host = hostOf(event) ?? context.host;
  const field = (name: string): string => (at === undefined ? name : `${at}.${name}`);
  const ignored = (reason: IgnoredReason): Push =>
    toIgnored({ source, reason, host: options.registry ?? host, repository, tag, digest, id });

  if (event.action !== "push") return ignored(REASON_BY_ACTION.get(event.action) ?? "unknown-action");
  if (typeof repository !== "string") throw malformed(source, field("target.repository"), "is missing");
  if (announcesBlobs && typeof mediaType !== "string")
    throw malformed(source, field("target.mediaType"), "is missing");
  if (announcesBlobs && typeof mediaType === "string" && !isManifestType(mediaType)) return ignored("blob");
  return toPush(
    { source, at: field("target"), host, repository, tag, digest, mediaType, id },
    options.registry,
  );
};
