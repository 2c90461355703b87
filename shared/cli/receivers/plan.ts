import type { ClusterSettings, Config } from "../../config/config.ts";
import type { ReceiverAuthentication } from "../../delivery/receiver-manifest.ts";
import type { ClusterPlan } from "../../delivery/receivers-manifest.ts";
import type { Exposure } from "../../delivery/route-manifest.ts";
import type { Catalog } from "../../policy/catalog/catalog.ts";
import { usageError } from "../cli-error.ts";

/** What a person says about the cluster that neither sluice.yaml nor the manifests do. */
export interface PlanOptions {
  readonly name: string;
  readonly secret: string;
  readonly type?: "generic-hmac" | "generic-oidc";
  readonly issuer?: string;
  readonly subject?: string;
  readonly audience?: string;
  readonly named?: boolean;
  readonly host?: string;
  readonly ingressClass?: string;
  readonly tlsSecret?: string;
  readonly gateway?: string;
  readonly fromNamespace?: string;
  readonly address?: string;
  readonly eventsSecret: string;
  readonly fluxNamespace: string;
}

/** CEL's strings take the escapes of JSON. */
const quote = (text: string): string => JSON.stringify(text);

const toAuthentication = (
  options: PlanOptions,
  { receiver }: ClusterSettings,
  { identity }: Config,
): ReceiverAuthentication => {
  const usesTokens = receiver?.token !== undefined || (receiver?.tokens.size ?? 0) > 0;
  const type =
    options.type ?? (receiver?.audience !== undefined && !usesTokens ? "generic-oidc" : "generic-hmac");
  if (type === "generic-hmac") return { kind: "generic-hmac", secretName: options.secret };
  const own = identity?.kind === "issuer" ? identity : undefined;
  const issuerUrl = options.issuer ?? own?.issuer;
  const audience = options.audience ?? receiver?.audience;
  const subject = options.subject ?? own?.subject;
  if (issuerUrl === undefined || audience === undefined || subject === undefined) {
    throw usageError(
      "generic-oidc: say who vouches for Sluice with --issuer, --subject and --audience, or in sluice.yaml by `identity` and the receiver's `audience`",
    );
  }
  const validations = [
    { expression: `claims.sub == ${quote(subject)}`, message: "the caller is not Sluice" },
  ];
  return { kind: "generic-oidc", issuerUrl, audience, validations };
};

const toExposure = (options: PlanOptions): Exposure | undefined => {
  const { host, ingressClass, tlsSecret, gateway, fromNamespace } = options;
  if (host === undefined) {
    if (gateway === undefined && ingressClass === undefined && tlsSecret === undefined) return undefined;
    throw usageError("--host is missing: the name that the cluster is reached by");
  }
  if (fromNamespace === undefined) {
    throw usageError(
      "--from-namespace is missing: where the ingress controller or gateway runs; nobody else is let in",
    );
  }
  if (gateway === undefined) {
    return {
      kind: "ingress",
      host,
      fromNamespace,
      ...(ingressClass === undefined ? {} : { className: ingressClass }),
      ...(tlsSecret === undefined ? {} : { tlsSecretName: tlsSecret }),
    };
  }
  const [namespace, name, sectionName, ...rest] = gateway.split("/");
  if (namespace === undefined || name === undefined || name === "" || rest.length > 0) {
    throw usageError(`--gateway ${gateway}: write <namespace>/<name>, or <namespace>/<name>/<listener>`);
  }
  const section = sectionName === undefined ? {} : { sectionName };
  return { kind: "gateway", host, fromNamespace, gateway: { name, namespace, ...section } };
};

const toConfirmation = (
  { address, eventsSecret, name }: PlanOptions,
  cluster: ClusterSettings,
  catalog: Catalog,
): ClusterPlan["confirmation"] => {
  const { confirmation } = cluster;
  if (address === undefined) return undefined;
  if (confirmation === undefined) {
    throw usageError(
      `--address: clusters[${cluster.name}].confirmation is missing in sluice.yaml; write {secrets: [{env: NAME}]}`,
    );
  }
  const subscriptions = [...catalog.subscriptions()].filter((one) => one.cluster === cluster.name);
  return {
    name: `${name}-events`,
    address: `${address.replace(/\/+$/, "")}${confirmation.path}`,
    secretName: eventsSecret,
    objects: subscriptions.flatMap((one) => [one.object, one.target, ...catalog.followersOf(one)]),
  };
};

/** What to print for one cluster. Throws a usage error for what is still to be said. */
export const toClusterPlan = (
  options: PlanOptions,
  cluster: ClusterSettings,
  config: Config,
  catalog: Catalog,
): ClusterPlan => {
  const targets = [...catalog.subscriptions()]
    .filter((one) => one.cluster === cluster.name && !one.suspended)
    .map(({ target }) => target);
  const exposure = toExposure(options);
  const confirmation = toConfirmation(options, cluster, catalog);
  return {
    receivers: {
      name: options.name,
      targets,
      ...(cluster.inputs === undefined ? {} : { providers: cluster.inputs.providers }),
      reach: options.named === true ? "named" : "all",
      authentication: toAuthentication(options, cluster, config),
    },
    fluxNamespace: options.fluxNamespace,
    ...(exposure === undefined ? {} : { exposure }),
    ...(confirmation === undefined ? {} : { confirmation }),
  };
};
