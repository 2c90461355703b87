import type { ClusterSettings, Config } from "../../config/config.ts";
import { secretKey } from "../../config/secret-places.ts";
import type { SecretRef } from "../../ports.ts";

/** One token that several clusters' Receivers know: whoever reads it in one of them can poke the others. */
export interface SharedToken {
  readonly clusters: readonly string[];
  /** Where it is kept, never what it is. */
  readonly token: SecretRef;
}

const tokensOf = ({ receiver }: ClusterSettings): readonly SecretRef[] => {
  if (receiver === undefined) return [];
  const { token, previousToken, tokens, previousTokens } = receiver;
  return [token, previousToken, ...tokens.values(), ...previousTokens.values()].filter(
    (ref) => ref !== undefined,
  );
};

/** Told by where tokens are kept, since nobody reads them here. */
export const findSharedTokens = ({ clusters }: Config): readonly SharedToken[] => {
  const byPlace = new Map<string, { readonly token: SecretRef; readonly clusters: Set<string> }>();
  for (const cluster of clusters) {
    for (const token of tokensOf(cluster)) {
      const place = secretKey(token);
      const known = byPlace.get(place) ?? { token, clusters: new Set() };
      known.clusters.add(cluster.name);
      byPlace.set(place, known);
    }
  }
  return [...byPlace.values()]
    .filter((one) => one.clusters.size > 1)
    .map(({ token, clusters: names }) => ({ token, clusters: [...names] }));
};
