import { Secret } from "../../../shared/artifact/secret.ts";
import type { ClusterSettings, Config } from "../../../shared/config/config.ts";
import type { EndpointSettings } from "../../../shared/config/delivery-settings.ts";
import type { DeliveryTarget, EndpointTarget, FluxAuthentication } from "../../../shared/delivery/target.ts";
import { PipelineError } from "../../../shared/errors.ts";
import type { SecretRef, SecretSource } from "../../../shared/ports.ts";
import type { EndpointReceiver, FluxReceiver, Receiver } from "../../../shared/receiver.ts";

const misconfigured = (receiver: Receiver, message: string): PipelineError =>
  new PipelineError(`receiver ${receiver.id}: ${message}`, { code: "CONFIG_INVALID" });

const readAll = (refs: readonly SecretRef[], secrets: SecretSource): Promise<readonly Secret[]> =>
  Promise.all(refs.map((ref) => secrets.read(ref)));

const tokenRefs = (cluster: ClusterSettings, { namespace, name }: FluxReceiver): readonly SecretRef[] => {
  const settings = cluster.receiver;
  const key = `${namespace}/${name}`;
  const current = settings?.tokens.get(key) ?? settings?.token;
  const previous = settings?.previousTokens.get(key) ?? settings?.previousToken;
  return [current, previous].filter((ref) => ref !== undefined);
};

const authenticationOf = async (
  cluster: ClusterSettings,
  receiver: FluxReceiver,
  secrets: SecretSource,
): Promise<FluxAuthentication> => {
  const settings = cluster.receiver;
  if (receiver.type === "generic-oidc") {
    const audience = settings?.audiences.get(`${receiver.namespace}/${receiver.name}`) ?? settings?.audience;
    // notification-controller's own default is every cluster's: who gets such a token could show it to the others.
    if (audience === undefined) {
      throw misconfigured(
        receiver,
        `no audience; set clusters[${cluster.name}].receiver.audience in sluice.yaml`,
      );
    }
    return { kind: "generic-oidc", audience };
  }
  const [token, previousToken] = await readAll(tokenRefs(cluster, receiver), secrets);
  if (token === undefined) {
    throw misconfigured(receiver, `no token; set clusters[${cluster.name}].receiver.token in sluice.yaml`);
  }
  const tokens = { token, ...(previousToken === undefined ? {} : { previousToken }) };
  if (receiver.type === "generic") return { kind: "generic", ...tokens };
  return { kind: "generic-hmac", algorithm: settings?.algorithm ?? "sha256", ...tokens };
};

const toFluxTarget = async (
  cluster: ClusterSettings | undefined,
  receiver: FluxReceiver,
  secrets: SecretSource,
): Promise<DeliveryTarget> => {
  const settings = cluster?.receiver;
  if (cluster === undefined || settings === undefined) {
    throw misconfigured(
      receiver,
      `no address; set clusters[${receiver.cluster}].receiver.baseUrl in sluice.yaml`,
    );
  }
  return {
    kind: "flux",
    baseUrl: settings.baseUrl,
    name: receiver.name,
    namespace: receiver.namespace,
    authentication: await authenticationOf(cluster, receiver, secrets),
    signingKeys: await readAll(settings.signingKeys, secrets),
  };
};

const toEndpointTarget = async (
  settings: EndpointSettings | undefined,
  receiver: EndpointReceiver,
  secrets: SecretSource,
): Promise<EndpointTarget> => {
  if (settings === undefined) throw misconfigured(receiver, "not in `endpoints` of sluice.yaml");
  const { url, format, audience } = settings;
  return {
    kind: "endpoint",
    url: typeof url === "string" ? new Secret(url) : await secrets.read(url),
    format,
    signingKeys: await readAll(settings.secrets, secrets),
    ...(audience === undefined ? {} : { audience }),
  };
};

/** Where and how a receiver is told. Secrets are read anew each time. Throws `CONFIG_INVALID`, `SECRET_UNAVAILABLE`. */
export const createTargets = (
  { clusters, endpoints }: Config,
  secrets: SecretSource,
): ((receiver: Receiver) => Promise<DeliveryTarget>) => {
  const clustersByName = new Map(clusters.map((one) => [one.name, one]));
  const endpointsByName = new Map(endpoints.map((one) => [one.name, one]));
  return (receiver) =>
    "cluster" in receiver
      ? toFluxTarget(clustersByName.get(receiver.cluster), receiver, secrets)
      : toEndpointTarget(endpointsByName.get(receiver.name), receiver, secrets);
};
