import { type CompiledCatalog, compileCatalog } from "../../../shared/policy/catalog/compile-catalog.ts";
import type { ResolveSecret } from "../../../shared/policy/catalog/scope.ts";
import type { FindingCode } from "../../../shared/policy/finding.ts";
import { readManifests } from "../../../shared/policy/manifest/read-manifests.ts";
import type { Subscription } from "../../../shared/ports.ts";

interface Options {
  readonly crossNamespace?: boolean;
  readonly resolveSecret?: ResolveSecret;
}

/** One cluster, `prod`, from one file of manifests. */
export const compileText = (text: string, options: Options = {}): CompiledCatalog => {
  const { crossNamespace, resolveSecret } = options;
  const { manifests, findings } = readManifests([{ name: "all.yaml", bytes: Buffer.from(text) }]);
  const input = { cluster: "prod", manifests, ...(crossNamespace === undefined ? {} : { crossNamespace }) };
  const compiled = compileCatalog({
    clusters: [input],
    ...(resolveSecret === undefined ? {} : { resolveSecret }),
  });
  return { ...compiled, findings: [...findings, ...compiled.findings] };
};

export const codesOf = ({ findings }: Pick<CompiledCatalog, "findings">): readonly FindingCode[] =>
  findings.map(({ code }) => code);

/** The one subscription that is expected. */
export const onlySubscription = ({ subscriptions, findings }: CompiledCatalog): Subscription => {
  const [first, ...others] = subscriptions;
  if (first === undefined || others.length > 0) {
    throw new Error(`${subscriptions.length} subscriptions: ${JSON.stringify(findings)}`);
  }
  return first;
};

/** An OCIRepository `app` in `apps`; `spec` is put below its URL. */
export const ociRepository = (spec = "", metadata = ""): string => `
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata:
  name: app
  namespace: apps
  ${metadata}
spec:
  url: oci://ghcr.io/acme/app
  ${spec.replaceAll("\n", "\n  ")}
---
`;

/** What post-build substitution would replace. */
export const variable = (name: string): string => `$\{${name}}`;
