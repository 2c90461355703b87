import * as v from "valibot";
import { GROUP } from "../manifest/kinds.ts";
import type { Steps } from "../steps.ts";
import { labels, localRef, namespacedRef, optionalText, suspend } from "./fields.ts";
import { type ClusterScope, readSpec } from "./scope.ts";

/** Which objects' events a cluster sends out, and where to: what could confirm that a version arrived. */
export interface AlertRoute {
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
  readonly provider: { readonly type: string; readonly name: string; readonly address?: string };
  /** `error`: successes are not sent. */
  readonly severity: "info" | "error";
  readonly sources: readonly {
    readonly kind: string;
    readonly namespace: string;
    /** `*`: all that match the labels. */
    readonly name: string;
    readonly matchLabels: Readonly<Record<string, string>>;
  }[];
}

const providerSpec = v.object({ type: v.string(), address: optionalText, suspend });

const alertSpec = v.object({
  providerRef: localRef,
  eventSeverity: optionalText,
  eventSources: v.array(v.object({ ...namespacedRef.entries, kind: v.string(), matchLabels: labels })),
  suspend,
});

/** Suspended alerts, and those whose provider is suspended or not there, send nothing and are left out. */
export function* compileAlerts(scope: ClusterScope): Steps<readonly AlertRoute[]> {
  const routes: AlertRoute[] = [];
  for (const manifest of scope.all(`${GROUP.notification}/Alert`)) {
    yield;
    const alert = readSpec(alertSpec, manifest, scope);
    if (alert === undefined || alert.suspend) continue;
    const { namespace, name } = manifest.ref;
    const found = scope.find(`${GROUP.notification}/Provider`, namespace, alert.providerRef.name);
    if (found === undefined) {
      const message = `Provider ${namespace}/${alert.providerRef.name} is not in these manifests`;
      scope.report("source-absent", message, manifest);
      continue;
    }
    const provider = readSpec(providerSpec, found, scope);
    if (provider === undefined || provider.suspend) continue;
    routes.push({
      cluster: scope.cluster,
      namespace,
      name,
      provider: {
        type: provider.type,
        name: found.ref.name,
        ...(provider.address ? { address: provider.address } : {}),
      },
      severity: alert.eventSeverity === "error" ? "error" : "info",
      sources: alert.eventSources.map((source) => ({
        kind: source.kind,
        namespace: source.namespace || namespace,
        name: source.name,
        matchLabels: source.matchLabels ?? {},
      })),
    });
  }
  return routes;
}
