import type { Manifest } from "../../policy/manifest/manifest.ts";
import type { LoadedPolicy } from "../policy-ports.ts";

/** One cluster's manifests as they are, before anything is made of them. */
export interface ClusterObjects {
  readonly name: string;
  readonly manifests: readonly Manifest[];
  /** A Secret's content by key, where it is known outside of the cluster. */
  secret(namespace: string, name: string): Readonly<Record<string, Uint8Array>> | undefined;
}

/** Reads sluice.yaml and the manifests it names, compiled and as they are. */
export type LoadClusters = (
  config: string,
  io: { readonly cwd: string },
) => Promise<LoadedPolicy & { readonly clusters: readonly ClusterObjects[] }>;
