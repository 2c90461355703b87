import { PipelineError } from "../errors.ts";
import type { ObjectRef } from "../ports.ts";
import { EXACT_FILTER } from "./exact-filter.ts";
import type { PrintedManifest } from "./manifest-yaml.ts";

export type ReceiverAuthentication =
  | { readonly kind: "generic-hmac"; readonly secretName: string }
  | {
      readonly kind: "generic-oidc";
      readonly issuerUrl: string;
      /** One for each cluster, so that no cluster can use the token it got on another. */
      readonly audience: string;
      /** CEL over `claims`: who of all that the issuer vouches for is Sluice. At least one. */
      readonly validations: readonly { readonly expression: string; readonly message: string }[];
    };

export interface ReceiverPlan {
  /** Name of each Receiver. */
  readonly name: string;
  /** What the cluster's subscriptions want poked. */
  readonly targets: readonly ObjectRef[];
  /** What reads the cluster's inputs: poked along with whatever is. */
  readonly providers?: readonly ObjectRef[];
  /** Absent: one Receiver per namespace of the targets, which `--no-cross-namespace-refs` allows too. */
  readonly namespace?: string;
  /**
   * `all`: every object of the kinds in question, of which the filter picks those a delivery names. `named`: the
   * targets by name; one that is later removed from the cluster then makes every delivery a 500.
   */
  readonly reach: "all" | "named";
  readonly authentication: ReceiverAuthentication;
}

const API_VERSION = "notification.toolkit.fluxcd.io/v1";

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const unique = <T>(values: readonly T[], keyOf: (value: T) => string): readonly T[] =>
  [...new Map(values.map((value) => [keyOf(value), value])).entries()]
    .sort(([a], [b]) => byText(a, b))
    .map(([, value]) => value);

const toResources = (targets: readonly ObjectRef[], reach: ReceiverPlan["reach"]): readonly object[] => {
  const base = ({ apiVersion, kind, namespace }: ObjectRef) => ({ apiVersion, kind, namespace });
  if (reach === "named") {
    const keyOf = ({ kind, namespace, name }: ObjectRef): string => `${namespace}/${kind}/${name}`;
    return unique(targets, keyOf).map((target) => ({ ...base(target), name: target.name }));
  }
  // `*` without matchLabels is an error in every request; with empty ones it is all of that kind and namespace.
  return unique(targets, ({ kind, namespace }) => `${namespace}/${kind}`).map((target) => ({
    ...base(target),
    name: "*",
    matchLabels: {},
  }));
};

const toAuthenticationSpec = (authentication: ReceiverAuthentication): object => {
  if (authentication.kind === "generic-hmac") return { secretRef: { name: authentication.secretName } };
  const { issuerUrl, audience, validations } = authentication;
  if (validations.length === 0) {
    throw new PipelineError("generic-oidc needs a validation: the issuer vouches for others too", {
      code: "CONFIG_INVALID",
    });
  }
  return { oidcProviders: [{ issuerURL: issuerUrl, audience, validations }] };
};

/** Of the Receiver's own namespace where it has one, else all: those may be forbidden by `--no-cross-namespace-refs`. */
const providersFor = ({ providers = [] }: ReceiverPlan, namespace: string): readonly ObjectRef[] => {
  const own = providers.filter((provider) => provider.namespace === namespace);
  return own.length > 0 ? own : providers;
};

const toReceiver = (
  plan: ReceiverPlan,
  namespace: string,
  targets: readonly ObjectRef[],
): PrintedManifest => ({
  object: {
    apiVersion: API_VERSION,
    kind: "Receiver",
    metadata: { name: plan.name, namespace },
    spec: {
      type: plan.authentication.kind,
      ...toAuthenticationSpec(plan.authentication),
      resourceFilter: EXACT_FILTER,
      resources: toResources([...targets, ...providersFor(plan, namespace)], plan.reach),
    },
  },
});

/** Without a token: a Receiver whose Secret has none takes nothing, one with a published example takes everything. */
export const toTokenSecret = (name: string, namespace: string, purpose: string): PrintedManifest => ({
  comment: [
    `${purpose}. Fill in before use, encrypted where it goes to Git (SOPS, sealed or external secrets):`,
    "  stringData:",
    '    token: "<openssl rand -hex 32, without a newline at the end>"',
    "The label lets a changed token take effect at once.",
  ].join("\n"),
  object: {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace, labels: { "reconcile.fluxcd.io/watch": "Enabled" } },
    type: "Opaque",
  },
});

/** The Receivers that reach exactly the given targets, and skeletons of the Secrets they read. */
export const toReceiverManifests = (plan: ReceiverPlan): readonly PrintedManifest[] => {
  const namespaces =
    plan.namespace === undefined
      ? [...new Set(plan.targets.map(({ namespace }) => namespace))].sort(byText)
      : [plan.namespace];
  return namespaces.flatMap((namespace) => {
    const targets = plan.targets.filter(
      (target) => plan.namespace !== undefined || target.namespace === namespace,
    );
    if (targets.length === 0) return [];
    const receiver = toReceiver(plan, namespace, targets);
    return plan.authentication.kind === "generic-hmac"
      ? [toTokenSecret(plan.authentication.secretName, namespace, "Token of the Receiver below"), receiver]
      : [receiver];
  });
};
