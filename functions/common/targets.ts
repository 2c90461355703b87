import type { ClusterSettings } from "../../shared/config/config.ts";
import type { DeliveryTarget, FluxAuthentication } from "../../shared/delivery/target.ts";
import { PipelineError } from "../../shared/errors.ts";
import type { SecretRef, SecretSource } from "../../shared/ports.ts";
import type { FluxReceiver } from "../../shared/receiver.ts";

/** What notification-controller asks for unless its Receiver names another audience. */
const DEFAULT_AUDIENCE = "notification-controller";

const misconfigured = (receiver: FluxReceiver, message: string): PipelineError =>
  new PipelineError(`receiver ${receiver.id}: ${message}`, { code: "CONFIG_INVALID" });

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
  if (receiver.type === "generic-oidc") {
    return { kind: "generic-oidc", audience: cluster.receiver?.audience ?? DEFAULT_AUDIENCE };
  }
  const [token, previousToken] = await Promise.all(
    tokenRefs(cluster, receiver).map((ref) => secrets.read(ref)),
  );
  if (token === undefined) {
    throw misconfigured(receiver, `no token; set clusters[${cluster.name}].receiver.token in sluice.yaml`);
  }
  const tokens = { token, ...(previousToken === undefined ? {} : { previousToken }) };
  if (receiver.type === "generic") return { kind: "generic", ...tokens };
  return { kind: "generic-hmac", algorithm: "sha256", ...tokens };
};

/** Where and how a receiver is told. Secrets are read anew each time. Throws `CONFIG_INVALID`, `SECRET_UNAVAILABLE`. */
export const resolveTarget = async (
  clusters: readonly ClusterSettings[],
  receiver: FluxReceiver,
  secrets: SecretSource,
): Promise<DeliveryTarget> => {
  const cluster = clusters.find(({ name }) => name === receiver.cluster);
  const settings = cluster?.receiver;
  if (cluster === undefined || settings === undefined) {
    throw misconfigured(
      receiver,
      `no address; set clusters[${receiver.cluster}].receiver.baseUrl in sluice.yaml`,
    );
  }
  const { signingKey } = settings;
  return {
    kind: "flux",
    baseUrl: settings.baseUrl,
    name: receiver.name,
    namespace: receiver.namespace,
    authentication: await authenticationOf(cluster, receiver, secrets),
    signingKeys: signingKey === undefined ? [] : [await secrets.read(signingKey)],
  };
};
