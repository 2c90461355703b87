import type { Config } from "../../shared/config/config.ts";
import type { EvaluateDeps } from "../../shared/pipeline/deps.ts";
import { createSelectors } from "../../shared/pipeline/selectors.ts";
import type { WorkQueue } from "../../shared/ports.ts";
import type { StateStore } from "../../shared/state.ts";
import { composeShared, type Platform } from "./compose.ts";
import { createServes } from "./http/inputs.ts";

/** All that evaluating needs, the same on every platform. Throws as `readRules` does. */
export const composeEvaluation = async <Q extends WorkQueue, S extends StateStore>(
  config: Config,
  platform: Platform<Q, S>,
  {
    registry,
    openForSweep,
    verifier,
  }: Required<Pick<EvaluateDeps, "registry" | "openForSweep" | "verifier">>,
): Promise<EvaluateDeps & { readonly queue: Q; readonly state: S }> => ({
  ...(await composeShared(config, platform)),
  registry,
  openForSweep,
  verifier,
  selectorOf: createSelectors(),
  isServed: createServes(config),
});
