/** How a peer is had. Package clients only, each pinned to one version. */
export type Recipe =
  /** `go install <package>@v<version>`. */
  | { readonly kind: "go-install"; readonly package: string; readonly binary: string }
  /** A module of its own with `tool` lines, for programs whose modules need replacing or cannot be installed. */
  | {
      readonly kind: "go-module";
      readonly module: string;
      /** Binary name → package. */
      readonly tools: Readonly<Record<string, string>>;
      /** Path → `path@version`. */
      readonly replace?: Readonly<Record<string, string>>;
      /** Replace the module's in-tree staging folders by what is published at v0.<minor>.<patch>. */
      readonly publishedStaging?: true;
      /** Files that a release generates before it builds and the published module lacks: path in it → content. */
      readonly generated?: Readonly<Record<string, string>>;
    }
  /** Our own program in `go/<folder>`. */
  | { readonly kind: "go-source"; readonly folder: string; readonly binary: string }
  /** Files that lie in a Go module. */
  | { readonly kind: "go-files"; readonly module: string; readonly folder: string }
  /** `npm install <package>@<version>` without its scripts; what it depends on as of a day. */
  | { readonly kind: "npm"; readonly package: string; readonly asOf: string }
  /** `cargo install`, built from source with these features alone. */
  | {
      readonly kind: "cargo";
      readonly crate: string;
      readonly binary: string;
      readonly features: readonly string[];
    }
  /** Jars. */
  | { readonly kind: "maven"; readonly group: string; readonly artifact: string }
  /** A virtual environment with these packages (`name==version`) alone. */
  | { readonly kind: "pypi"; readonly package: string; readonly with: readonly string[] }
  /** Unpacked, not installed. */
  | { readonly kind: "debian"; readonly package: string; readonly pin: string }
  /** Found on this machine: part of the Google Cloud SDK, which is not to be had as a package. */
  | { readonly kind: "google-sdk"; readonly component: string; readonly launcher: string };

export interface Peer {
  readonly name: string;
  readonly version: string;
  readonly recipe: Recipe;
  /** `core` runs on every change; `full` adds what takes long to build or to run. */
  readonly neededBy: "core" | "full";
  /** On 2 cores with cold caches; shown while building, so that nobody thinks it hangs. */
  readonly typicalBuildS: number;
}
