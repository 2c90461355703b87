import type { ObjectRef } from "../ports.ts";
import type { PrintedManifest } from "./manifest-yaml.ts";
import { toTokenSecret } from "./receiver-manifest.ts";

/** Where clusters send their own events, so that a decision shows what became of it. */
export interface ConfirmationPlan {
  readonly name: string;
  /** Sluice's address for this cluster's events. */
  readonly address: string;
  readonly secretName: string;
}

const API_VERSION = "notification.toolkit.fluxcd.io/v1beta3";

/** One Provider, Alert and Secret skeleton in each namespace of the targets: an Alert may not look into others. */
export const toConfirmationManifests = (
  { name, address, secretName }: ConfirmationPlan,
  targets: readonly ObjectRef[],
): readonly PrintedManifest[] => {
  const namespaces = [...new Set(targets.map(({ namespace }) => namespace))].sort();
  return namespaces.flatMap((namespace) => {
    const kinds = [
      ...new Set(targets.filter((t) => t.namespace === namespace).map(({ kind }) => kind)),
    ].sort();
    const metadata = { name, namespace };
    return [
      toTokenSecret(secretName, namespace, "Key that this cluster's events are signed with"),
      {
        object: {
          apiVersion: API_VERSION,
          kind: "Provider",
          metadata,
          spec: { type: "generic-hmac", address, secretRef: { name: secretName } },
        },
      },
      {
        object: {
          apiVersion: API_VERSION,
          kind: "Alert",
          metadata,
          spec: {
            providerRef: { name },
            eventSeverity: "info",
            eventSources: kinds.map((kind) => ({ kind, name: "*" })),
          },
        },
      },
    ];
  });
};
