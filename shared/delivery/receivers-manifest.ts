import type { ObjectRef } from "../ports.ts";
import { type ConfirmationPlan, toConfirmationManifests } from "./confirmation-manifest.ts";
import type { PrintedManifest } from "./manifest-yaml.ts";
import { type ReceiverPlan, toReceiverManifests } from "./receiver-manifest.ts";
import { type Exposure, toRouteManifests } from "./route-manifest.ts";

export interface ClusterPlan {
  readonly receivers: ReceiverPlan;
  /** Absent: the receivers are reached inside the cluster's own network, and no route is printed. */
  readonly exposure?: Exposure;
  /** `objects`: whose events are wanted. */
  readonly confirmation?: ConfirmationPlan & { readonly objects: readonly ObjectRef[] };
  /** Where notification-controller runs. */
  readonly fluxNamespace: string;
}

/** What one cluster needs in Git to be told by Sluice: `sluice receivers` prints it. */
export const toReceiversManifests = ({
  receivers,
  exposure,
  confirmation,
  fluxNamespace,
}: ClusterPlan): readonly PrintedManifest[] => [
  ...toReceiverManifests(receivers),
  ...(exposure === undefined ? [] : toRouteManifests(exposure, fluxNamespace)),
  ...(confirmation === undefined ? [] : toConfirmationManifests(confirmation, confirmation.objects)),
];
