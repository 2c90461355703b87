import { type ConfirmationPlan, toConfirmationManifests } from "./confirmation-manifest.ts";
import { toYaml } from "./manifest-yaml.ts";
import { type ReceiverPlan, toReceiverManifests } from "./receiver-manifest.ts";
import { type Exposure, toRouteManifests } from "./route-manifest.ts";

export interface ClusterPlan {
  readonly receivers: ReceiverPlan;
  /** Absent: the receivers are reached inside the cluster's own network, and no route is printed. */
  readonly exposure?: Exposure;
  readonly confirmation?: ConfirmationPlan;
  /** Where notification-controller runs. */
  readonly fluxNamespace: string;
}

/** What one cluster needs in Git to be told by Sluice: `sluice receivers` prints it. */
export const toReceiversYaml = ({ receivers, exposure, confirmation, fluxNamespace }: ClusterPlan): string =>
  toYaml([
    ...toReceiverManifests(receivers),
    ...(exposure === undefined ? [] : toRouteManifests(exposure, fluxNamespace)),
    ...(confirmation === undefined ? [] : toConfirmationManifests(confirmation, receivers.targets)),
  ]);
