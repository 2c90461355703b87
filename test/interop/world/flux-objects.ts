import type { KubernetesObject } from "./control-plane.ts";
import type { KeylessExpected } from "./cosign.ts";

export const SOURCE_API = "source.toolkit.fluxcd.io/v1";

export interface OciRepositoryOptions {
  readonly namespace: string;
  readonly name: string;
  /** `<registry>/<repository>`, over plain HTTP. */
  readonly artifact: string;
  readonly semver: string;
  readonly signer: KeylessExpected;
  /** Default: so long that only a poke makes it look. */
  readonly interval?: string;
}

/** A Secret with text in it. */
export const toSecret = (
  namespace: string,
  name: string,
  stringData: Readonly<Record<string, string>>,
): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace, labels: { "reconcile.fluxcd.io/watch": "Enabled" } },
  stringData,
});

/** An OCIRepository that verifies by the trusted root in the Secret `trusted-root` of its namespace. */
export const toOciRepository = (options: OciRepositoryOptions): KubernetesObject => ({
  apiVersion: SOURCE_API,
  kind: "OCIRepository",
  metadata: { name: options.name, namespace: options.namespace },
  spec: {
    interval: options.interval ?? "60m",
    insecure: true,
    url: `oci://${options.artifact}`,
    ref: { semver: options.semver },
    layerSelector: { mediaType: "application/vnd.oci.image.layer.v1.tar", operation: "copy" },
    verify: {
      provider: "cosign",
      trustedRootSecretRef: { name: "trusted-root" },
      matchOIDCIdentity: [{ issuer: `^${options.signer.issuer}$`, subject: options.signer.subjectRegexp }],
    },
  },
});
