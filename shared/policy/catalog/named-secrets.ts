import * as v from "valibot";
import type { Manifest } from "../manifest/manifest.ts";
import { verifySpec } from "./fields.ts";

export interface NamedSecret {
  readonly namespace: string;
  readonly name: string;
}

const own = v.object({ verify: verifySpec });
const inChart = v.object({ chart: v.object({ spec: v.object({ verify: verifySpec }) }) });

const verifyOf = ({ body }: Manifest): v.InferOutput<typeof verifySpec> => {
  const release = v.safeParse(inChart, body.spec);
  if (release.success) return release.output.chart.spec.verify;
  const source = v.safeParse(own, body.spec);
  return source.success ? source.output.verify : undefined;
};

/** The Secrets whose content compiling asks for, each once: whoever reads them elsewhere reads these first. */
export const listNamedSecrets = (manifests: Iterable<Manifest>): readonly NamedSecret[] => {
  const named = new Map<string, NamedSecret>();
  for (const manifest of manifests) {
    const verify = verifyOf(manifest);
    for (const reference of [verify?.secretRef, verify?.trustedRootSecretRef]) {
      if (!reference) continue;
      const secret = { namespace: manifest.ref.namespace, name: reference.name };
      named.set(`${secret.namespace}/${secret.name}`, secret);
    }
  }
  return [...named.values()];
};
