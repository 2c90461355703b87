import { dirname, join } from "node:path";
import type { Config } from "../../shared/config/config.ts";
import type { TrustedRootSource } from "../../shared/ports.ts";
import { PUBLIC_GOOD_VERSION, publicGoodRoot } from "../../shared/signature/trust/public-good-root.ts";
import { parseTrustedRoot } from "../../shared/signature/trust/trusted-root.ts";

const TIMEOUT_MS = 60_000;

export interface RefreshedRoots {
  readonly trustedRoots: TrustedRootSource;
  /** Absent where sluice.yaml names the default root: that file is its owner's to keep. */
  readonly refresh?: () => Promise<"updated" | "unchanged">;
}

/** The public-good root as it shipped, or as TUF last brought it; kept beside the state file, never backwards. */
export const createRefreshedRoots = async (
  config: Config,
  named: TrustedRootSource,
): Promise<RefreshedRoots> => {
  if (config.trustedRoots.has("default")) return { trustedRoots: named };
  // The TUF client is large: only who uses it pays for loading it.
  const { createTufTrustedRoot } = await import("../../shared/adapters/node/tuf-trusted-root.ts");
  const trustedRoots = await createTufTrustedRoot({
    cachePath: join(dirname(config.state.path), "trusted-root"),
    timeoutMs: TIMEOUT_MS,
    shipped: { bytes: publicGoodRoot(), version: PUBLIC_GOOD_VERSION },
    check: (bytes) => {
      parseTrustedRoot(bytes);
    },
    named,
  });
  return { trustedRoots, refresh: () => trustedRoots.refresh() };
};
