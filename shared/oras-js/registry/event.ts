import type { RegistryRequest } from "./reply.ts";

export interface EventTarget {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly tag?: string;
  readonly fromRepository?: string;
  readonly references?: readonly unknown[];
}

/** What happened, before it is dressed as a Distribution event. */
export interface Happening {
  readonly action: "push" | "mount" | "delete";
  readonly repository: string;
  readonly kind: "manifests" | "blobs";
  readonly target: EventTarget;
  readonly request: RegistryRequest;
  readonly actor: string | undefined;
}

export type Emit = (happening: Happening) => void;

/** One event in CNCF Distribution's own form (`application/vnd.docker.distribution.events.v2+json`). */
export const toEvent = (
  { action, repository, kind, target, request, actor }: Happening,
  { id, instance, atMs }: { id: string; instance: string; atMs: number },
): Readonly<Record<string, unknown>> => ({
  id,
  timestamp: new Date(atMs).toISOString(),
  action,
  target: {
    ...target,
    length: target.size,
    repository,
    url: `${request.origin}/v2/${repository}/${kind}/${target.digest}`,
  },
  request: {
    id: `${id}-request`,
    addr: request.remoteAddress,
    host: new URL(request.origin).host,
    method: request.method,
    useragent: request.headers["user-agent"] ?? "",
  },
  actor: actor === undefined ? {} : { name: actor },
  source: { addr: new URL(request.origin).host, instanceID: instance },
});
