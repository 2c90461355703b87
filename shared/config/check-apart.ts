import type { SecretRef } from "../ports.ts";
import type { KeyPath } from "./locate.ts";
import type { Problem } from "./problem.ts";
import type { ConfigInput } from "./schema.ts";
import { secretKey } from "./secret-places.ts";

type Cluster = ConfigInput["clusters"][number];

/** One thing by which a cluster is known to us, or we to it. */
interface Proof {
  /** Equal for what is the same thing; secrets by where they are, since nobody reads them here. */
  readonly name: string;
  readonly path: KeyPath;
}

const ofSecrets = (
  kind: string,
  secrets: readonly SecretRef[] | undefined,
  path: KeyPath,
): readonly Proof[] =>
  (secrets ?? []).map((ref, index) => ({ name: `${kind} ${secretKey(ref)}`, path: [...path, index] }));

const proofsOf = ({ receiver, confirmation, inputs }: Cluster, at: KeyPath): readonly Proof[] => {
  const { audience, audiences = {} } = receiver ?? {};
  const ofAudience = (name: string, ...keys: readonly string[]): Proof => ({
    name: `audience ${name}`,
    path: [...at, "receiver", ...keys],
  });
  return [
    ...(audience === undefined ? [] : [ofAudience(audience, "audience")]),
    ...Object.entries(audiences).map(([key, name]) => ofAudience(name, "audiences", key)),
    ...ofSecrets("confirmation", confirmation?.secrets, [...at, "confirmation", "secrets"]),
    ...ofSecrets("inputs", inputs?.tokens, [...at, "inputs", "tokens"]),
  ];
};

/**
 * Two clusters with one audience, or one secret for what they say or ask, are one to us: either could show another
 * our token, speak of its objects, or read its versions.
 */
export const checkApart = ({ clusters }: ConfigInput): readonly Problem[] => {
  const owners = new Map<string, Cluster>();
  return clusters.flatMap((cluster, index) =>
    proofsOf(cluster, ["clusters", index]).flatMap(({ name, path }): readonly Problem[] => {
      const owner = owners.get(name) ?? cluster;
      owners.set(name, owner);
      if (owner === cluster) return [];
      const message = `is cluster ${owner.name}'s as well, and one could pass for the other; give each its own`;
      return [{ path, message }];
    }),
  );
};
