import type { CatalogContent } from "../../shared/policy/catalog/pack.ts";
import type { Subscription } from "../../shared/ports.ts";

/** A repository as builds leave it: releases, prereleases, commits, signatures' tags. */
export const toTags = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => {
    const core = `${at % 7}.${(at * 31) % 60}.${(at * 7919) % 997}`;
    switch (at % 10) {
      case 0:
        return `sha256-${at.toString(16).padStart(64, "0")}.sig`;
      case 1:
        return `main-${at.toString(16).padStart(7, "0")}-17${at}`;
      case 2:
      case 3:
        return `${core}-rc.${at % 12}`;
      case 4:
        return `v${core}`;
      default:
        return core;
    }
  });

export const RANGE = ">=1.0.0 <6.0.0";

const toSubscription = (at: number, repository: string): Subscription => {
  const object = {
    apiVersion: "source.toolkit.fluxcd.io/v1",
    kind: "OCIRepository",
    namespace: "apps",
    name: `app-${at}`,
  };
  return {
    id: `prod/OCIRepository/apps/app-${at}`,
    cluster: "prod",
    object,
    target: object,
    repository: { registry: "ghcr.io", repository },
    selector: { kind: "semver", range: RANGE, dialect: "flux" },
    selectorHash: String(at),
    rules: [],
    suspended: false,
    receivers: [],
  };
};

export const WANTED = { registry: "ghcr.io", repository: "acme/wanted" };
export const MATCHES = 5;

/** Many subscriptions, of which the same few select from the repository that was pushed to. */
export const toContent = (count: number): CatalogContent => ({
  subscriptions: Array.from({ length: count }, (_, at) =>
    toSubscription(at, at < MATCHES ? WANTED.repository : `acme/app-${at}`),
  ),
  receivers: [],
  followers: {},
  alerts: [],
  trustedRoots: {},
});

const toManifest = (at: number): string => `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata:
  name: app-${at}
  namespace: team-${at % 50}
  labels:
    app.kubernetes.io/name: app-${at}
spec:
  interval: 1h
  url: oci://ghcr.io/acme/app-${at}
  ref:
    semver: "${RANGE}"
  verify:
    provider: cosign
    matchOIDCIdentity:
      - issuer: ^https://token\\.actions\\.githubusercontent\\.com$
        subject: ^https://github\\.com/acme/app-${at}/\\.github/workflows/release\\.yml@refs/tags/v.*$
---
apiVersion: notification.toolkit.fluxcd.io/v1
kind: Receiver
metadata:
  name: hook-${at}
  namespace: team-${at % 50}
spec:
  type: generic-hmac
  secretRef:
    name: token
  resources:
    - kind: OCIRepository
      name: app-${at}
`;

/** Half of them OCIRepositories, half the Receivers that reach them. */
export const toManifests = (count: number): string =>
  Array.from({ length: count / 2 }, (_, at) => toManifest(at)).join("---\n");

const toForeign = (at: number): string => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-${at}
  namespace: team-${at % 50}
spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: app-${at}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: app-${at}
    spec:
      containers:
        - name: app
          image: ghcr.io/acme/app-${at}:1.2.3
          ports:
            - name: http
              containerPort: 8080
          resources:
            requests:
              cpu: 100m
              memory: 128Mi
`;

/** As a cluster is rendered: one in ten is Flux's. */
export const toRendered = (count: number): string => {
  const foreign = Array.from({ length: count - count / 10 }, (_, at) => toForeign(at));
  return [toManifests(count / 10), ...foreign].join("---\n");
};
