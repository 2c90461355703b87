import type { PrintedManifest } from "./manifest-yaml.ts";

/** How deliveries get into the cluster. */
export type Exposure =
  | {
      readonly kind: "ingress";
      readonly host: string;
      readonly className?: string;
      readonly tlsSecretName?: string;
      /** Where the ingress controller's pods are; the network policy lets in nobody else. */
      readonly fromNamespace: string;
    }
  | {
      readonly kind: "gateway";
      readonly host: string;
      readonly gateway: { readonly name: string; readonly namespace: string; readonly sectionName?: string };
      readonly fromNamespace: string;
    };

const NAME = "sluice-webhook-receiver";
const SERVICE = { name: "webhook-receiver", port: 80 } as const;
const CONTAINER_PORT = 9292;
/** All that a Receiver listens at; the event port of the same pods stays inside. */
const PATH_PREFIX = "/hook/";

const toIngress = (exposure: Extract<Exposure, { kind: "ingress" }>, namespace: string): PrintedManifest => {
  const { host, className, tlsSecretName } = exposure;
  const backend = { service: { name: SERVICE.name, port: { number: SERVICE.port } } };
  return {
    comment: "The path must arrive unchanged: the controller compares it as a whole.",
    object: {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: NAME, namespace },
      spec: {
        ...(className === undefined ? {} : { ingressClassName: className }),
        ...(tlsSecretName === undefined ? {} : { tls: [{ hosts: [host], secretName: tlsSecretName }] }),
        rules: [{ host, http: { paths: [{ path: PATH_PREFIX, pathType: "Prefix", backend }] } }],
      },
    },
  };
};

const toHttpRoute = (
  exposure: Extract<Exposure, { kind: "gateway" }>,
  namespace: string,
): PrintedManifest => ({
  object: {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: NAME, namespace },
    spec: {
      parentRefs: [exposure.gateway],
      hostnames: [exposure.host],
      rules: [
        {
          // Receivers answer any method; deliveries use one.
          matches: [{ method: "POST", path: { type: "PathPrefix", value: PATH_PREFIX } }],
          backendRefs: [SERVICE],
        },
      ],
    },
  },
});

const toNetworkPolicy = (fromNamespace: string, namespace: string): PrintedManifest => ({
  comment: [
    "Policies add up: while Flux's own `allow-webhooks`, which lets in every namespace, is there,",
    "this one narrows nothing.",
  ].join("\n"),
  object: {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: NAME, namespace },
    spec: {
      podSelector: { matchLabels: { app: "notification-controller" } },
      policyTypes: ["Ingress"],
      ingress: [
        {
          from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": fromNamespace } } }],
          ports: [{ protocol: "TCP", port: CONTAINER_PORT }],
        },
      ],
    },
  },
});

/** The way from outside to notification-controller's webhook port, in the namespace it runs in. */
export const toRouteManifests = (exposure: Exposure, fluxNamespace: string): readonly PrintedManifest[] => [
  exposure.kind === "ingress" ? toIngress(exposure, fluxNamespace) : toHttpRoute(exposure, fluxNamespace),
  toNetworkPolicy(exposure.fromNamespace, fluxNamespace),
];
