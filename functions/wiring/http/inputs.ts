import type { Config } from "../../../shared/config/config.ts";
import { createInputsRoute, type InputsDeps } from "../../../shared/pipeline/intake/inputs.ts";
import type { Route } from "../../../shared/pipeline/intake/routes.ts";
import type { SecretSource, Subscription } from "../../../shared/ports.ts";

/** Whether a subscription's version is served to its cluster's flux-operator. */
export const createServes = ({ clusters }: Config): ((subscription: Subscription) => boolean) => {
  const byName = new Map(clusters.map(({ name, inputs }) => [name, inputs]));
  return ({ cluster, repository }) => {
    const inputs = byName.get(cluster);
    if (inputs === undefined) return false;
    return inputs.repositories.length === 0 || inputs.repositories.some((glob) => glob.matches(repository));
  };
};

/** One route for each cluster that takes its versions from Sluice. */
export const createInputsRoutes = (
  config: Config,
  deps: InputsDeps,
  secrets: SecretSource,
): readonly Route[] => {
  const serves = createServes(config);
  return config.clusters.flatMap(({ name, inputs }) => {
    if (inputs === undefined) return [];
    const { path, limit } = inputs;
    const tokens = () => Promise.all(inputs.tokens.map((ref) => secrets.read(ref)));
    return [createInputsRoute(deps, { cluster: name, path, limit, tokens, serves })];
  });
};
