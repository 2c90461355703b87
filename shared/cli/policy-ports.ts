import type { Config, ManifestSettings } from "../config/config.ts";
import type { Catalog } from "../policy/catalog/catalog.ts";
import type { Finding } from "../policy/finding.ts";
import type { OpenRegistry } from "./verify/ports.ts";

export interface LoadedPolicy {
  readonly config: Config;
  readonly catalog: Catalog;
  readonly findings: readonly Finding[];
}

/** What commands that look at the whole policy need from the world. */
export interface PolicyPorts {
  /** Reads sluice.yaml and the manifests it names. Throws what `parseConfig` and the readers throw. */
  loadPolicy(config: string, io: { readonly cwd: string }): Promise<LoadedPolicy>;
  openRegistry(config: Config): OpenRegistry;
  /** Compiles one cluster's manifests on their own, before there is a sluice.yaml. Paths are absolute. */
  loadManifests(cluster: string, manifests: ManifestSettings): Promise<Omit<LoadedPolicy, "config">>;
  /** Relative to the working folder. `replace: false` fails if the file is there. */
  writeFile(path: string, text: string, replace: boolean, io: { readonly cwd: string }): Promise<void>;
}
