import { type Cosign, createCosign, type Expected, type KeylessExpected, type Signer } from "./cosign.ts";
import type { WorkflowClaims } from "./oidc-issuer.ts";
import { type Registry, startDistribution, startReferrersRegistry } from "./registries.ts";
import { type Sigstore, startSigstore } from "./sigstore.ts";
import { createSluice, type Sluice } from "./sluice.ts";
import { createWorld, type World } from "./world.ts";

/** What most of the suite plays on: one Sigstore, every registry, both cosigns, and Sluice's command. */
export interface Stage {
  readonly world: World;
  readonly sigstore: Sigstore;
  readonly sluice: Sluice;
  cosign(version: 2 | 3): Cosign;
  host(kind: Registry["kind"]): string;
  /** A token of acme's release workflow, unless the claims say otherwise. */
  token(claims?: Partial<WorkflowClaims>): string;
  /** A way to sign, who that is, and somebody else of the same kind. */
  party(signer: "keyless" | "keyed"): {
    readonly by: Signer;
    readonly right: Expected;
    readonly wrong: Expected;
  };
  /** Who signs with that token. */
  readonly release: KeylessExpected;
  /** Somebody else under the same issuer. */
  readonly somebodyElse: KeylessExpected;
}

const found = <K, V>(map: ReadonlyMap<K, V>, key: K): V => {
  const value = map.get(key);
  if (value === undefined) throw new Error(`there is no ${String(key)} on this stage`);
  return value;
};

export const startStage = async (): Promise<Stage> => {
  const world = await createWorld();
  try {
    const sigstore = await startSigstore(world);
    const [v2, v3, ...started] = await Promise.all([
      createCosign(world, 2, sigstore),
      createCosign(world, 3, sigstore),
      startDistribution(world, { version: 2 }),
      startDistribution(world, { version: 3 }),
      startReferrersRegistry(world),
    ]);
    const cosigns = new Map([v2, v3].map((cosign) => [cosign.version, cosign]));
    const hosts = new Map(started.map(({ kind, host }) => [kind, host]));
    // Both generations read the same key files, and making one is slow (scrypt).
    const [ourKey, otherKey] = [await v3.generateKeyPair("ours"), await v3.generateKeyPair("other")];
    const release = {
      issuer: sigstore.issuer,
      subjectRegexp: String.raw`^https://github\.com/acme/app/\.github/workflows/release\.yaml@refs/tags/v`,
    };
    const somebodyElse = { issuer: sigstore.issuer, subjectRegexp: String.raw`^https://github\.com/evil/` };
    const token: Stage["token"] = (claims) =>
      sigstore.mintToken({ repository: "acme/app", ref: "refs/tags/v1.2.3", ...claims });
    return {
      world,
      sigstore,
      sluice: createSluice(world),
      cosign: (version) => found(cosigns, version),
      host: (kind) => found(hosts, kind),
      token,
      release,
      somebodyElse,
      party: (signer) =>
        signer === "keyless"
          ? { by: { token: token() }, right: release, wrong: somebodyElse }
          : {
              by: { keyFile: ourKey.privateKeyFile },
              right: { keyFile: ourKey.publicKeyFile },
              wrong: { keyFile: otherKey.publicKeyFile },
            },
    };
  } catch (error) {
    await world.close();
    throw error;
  }
};
