import { LINTER_PINS, MOTO_PINS } from "./pypi-pins.ts";
import type { Peer, Recipe } from "./recipe.ts";

const goInstall = (path: string, binary: string): Recipe => ({ kind: "go-install", package: path, binary });

/** Every server and tool that the interop suite runs against. */
export const peers = [
  {
    name: "loopback",
    version: "source",
    recipe: { kind: "go-source", folder: "loopback", binary: "loopback" },
    neededBy: "core",
    typicalBuildS: 5,
  },
  {
    name: "ctlog",
    version: "source",
    recipe: { kind: "go-source", folder: "ctlog", binary: "ctlog" },
    neededBy: "core",
    typicalBuildS: 20,
  },
  {
    name: "referrers-registry",
    version: "source",
    recipe: { kind: "go-source", folder: "referrers-registry", binary: "referrers-registry" },
    neededBy: "core",
    typicalBuildS: 20,
  },
  {
    name: "semver-judge",
    version: "source",
    recipe: { kind: "go-source", folder: "semver-judge", binary: "semver-judge" },
    neededBy: "core",
    typicalBuildS: 10,
  },
  {
    name: "crane",
    version: "0.22.1",
    recipe: goInstall("github.com/google/go-containerregistry/cmd/crane", "crane"),
    neededBy: "core",
    typicalBuildS: 55,
  },
  {
    name: "helm",
    version: "4.3.2",
    recipe: goInstall("helm.sh/helm/v4/cmd/helm", "helm"),
    neededBy: "core",
    typicalBuildS: 240,
  },
  {
    name: "distribution-2",
    version: "2.8.2",
    recipe: { kind: "debian", package: "docker-registry", pin: "2.8.2*" },
    neededBy: "core",
    typicalBuildS: 2,
  },
  {
    name: "strace",
    version: "6.1",
    recipe: { kind: "debian", package: "strace", pin: "6.1*" },
    neededBy: "core",
    typicalBuildS: 2,
  },
  {
    name: "libunwind",
    version: "1.6.2",
    recipe: { kind: "debian", package: "libunwind8", pin: "1.6.2*" },
    neededBy: "core",
    typicalBuildS: 2,
  },
  {
    name: "distribution-3",
    version: "3.1.2",
    recipe: goInstall("github.com/distribution/distribution/v3/cmd/registry", "registry"),
    neededBy: "core",
    typicalBuildS: 115,
  },
  {
    name: "cosign",
    version: "3.1.3",
    recipe: goInstall("github.com/sigstore/cosign/v3/cmd/cosign", "cosign"),
    neededBy: "core",
    typicalBuildS: 280,
  },
  {
    name: "cosign-2",
    version: "2.6.5",
    recipe: goInstall("github.com/sigstore/cosign/v2/cmd/cosign", "cosign"),
    neededBy: "core",
    typicalBuildS: 240,
  },
  {
    name: "fulcio",
    version: "1.8.8",
    recipe: goInstall("github.com/sigstore/fulcio", "fulcio"),
    neededBy: "core",
    typicalBuildS: 60,
  },
  {
    name: "timestamp-server",
    version: "2.1.3",
    recipe: goInstall("github.com/sigstore/timestamp-authority/v2/cmd/timestamp-server", "timestamp-server"),
    neededBy: "core",
    typicalBuildS: 70,
  },
  {
    name: "rekor",
    version: "2.3.0",
    recipe: goInstall("github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix", "posix"),
    neededBy: "core",
    typicalBuildS: 35,
  },
  {
    name: "azurite",
    version: "3.37.0",
    recipe: { kind: "npm", package: "azurite", asOf: "2026-11-15" },
    neededBy: "core",
    typicalBuildS: 60,
  },
  {
    name: "firestore-emulator",
    version: "installed",
    recipe: {
      kind: "google-sdk",
      component: "cloud-firestore-emulator",
      launcher: "cloud-firestore-emulator.jar",
    },
    neededBy: "core",
    typicalBuildS: 1,
  },
  {
    name: "pubsub-emulator",
    version: "installed",
    recipe: {
      kind: "google-sdk",
      component: "pubsub-emulator",
      launcher: "bin/cloud-pubsub-emulator",
    },
    neededBy: "core",
    typicalBuildS: 1,
  },
  {
    name: "elasticmq",
    version: "1.7.1",
    recipe: { kind: "maven", group: "org.elasticmq", artifact: "elasticmq-server_2.13" },
    neededBy: "core",
    typicalBuildS: 35,
  },
  {
    name: "event-ruler",
    version: "1.8.1",
    recipe: { kind: "maven", group: "software.amazon.event.ruler", artifact: "event-ruler" },
    neededBy: "core",
    typicalBuildS: 20,
  },
  {
    name: "moto",
    version: "5.2.5",
    recipe: {
      kind: "pypi",
      package: "moto",
      with: MOTO_PINS,
    },
    neededBy: "core",
    typicalBuildS: 45,
  },
  {
    name: "dynoxide",
    version: "3.2.0",
    recipe: {
      kind: "cargo",
      crate: "dynoxide-rs",
      binary: "dynoxide",
      features: ["cli", "native-sqlite", "http-server"],
    },
    neededBy: "full",
    typicalBuildS: 180,
  },
  {
    // checkov and cfn-lint, which share most of what they need.
    name: "infra-linters",
    version: "3.3.30",
    recipe: {
      kind: "pypi",
      package: "checkov",
      with: LINTER_PINS,
    },
    neededBy: "core",
    typicalBuildS: 90,
  },
  {
    name: "etcd",
    version: "3.7.3",
    recipe: {
      kind: "go-module",
      module: "go.etcd.io/etcd/server/v3",
      tools: { etcd: "go.etcd.io/etcd/server/v3" },
    },
    neededBy: "full",
    typicalBuildS: 50,
  },
  {
    name: "kubernetes",
    version: "1.36.3",
    recipe: {
      kind: "go-module",
      module: "k8s.io/kubernetes",
      tools: {
        "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
        kubectl: "k8s.io/kubernetes/cmd/kubectl",
      },
      publishedStaging: true,
    },
    neededBy: "full",
    typicalBuildS: 340,
  },
  {
    name: "source-controller",
    version: "1.9.4",
    recipe: {
      kind: "go-module",
      module: "github.com/fluxcd/source-controller",
      tools: { "source-controller": "github.com/fluxcd/source-controller" },
      replace: {
        "github.com/opencontainers/go-digest":
          "github.com/opencontainers/go-digest@v1.0.1-0.20220411205349-bde1400a84be",
        "github.com/fluxcd/pkg/artifact": "github.com/fluxcd/pkg/artifact@v0.18.1",
      },
    },
    neededBy: "full",
    typicalBuildS: 380,
  },
  {
    name: "notification-controller",
    version: "1.9.3",
    recipe: {
      kind: "go-module",
      module: "github.com/fluxcd/notification-controller",
      tools: { "notification-controller": "github.com/fluxcd/notification-controller" },
    },
    neededBy: "full",
    typicalBuildS: 240,
  },
  {
    name: "source-crds",
    version: "1.9.4",
    recipe: { kind: "go-files", module: "github.com/fluxcd/source-controller", folder: "config/crd/bases" },
    neededBy: "full",
    typicalBuildS: 5,
  },
  {
    name: "notification-crds",
    version: "1.9.3",
    recipe: {
      kind: "go-files",
      module: "github.com/fluxcd/notification-controller",
      folder: "config/crd/bases",
    },
    neededBy: "full",
    typicalBuildS: 5,
  },
  {
    name: "flux-operator",
    version: "0.58.1",
    recipe: {
      kind: "go-module",
      module: "github.com/controlplaneio-fluxcd/flux-operator",
      tools: { "flux-operator": "github.com/controlplaneio-fluxcd/flux-operator/cmd/operator" },
      replace: {
        "github.com/google/go-containerregistry/pkg/authn/kubernetes":
          "github.com/google/go-containerregistry/pkg/authn/kubernetes@v0.0.0-20250225234217-098045d5e61f",
      },
      // Its web pages, which are not started.
      generated: { "web/dist/index.html": "" },
    },
    neededBy: "full",
    typicalBuildS: 300,
  },
  {
    name: "flux-operator-crds",
    version: "0.58.1",
    recipe: {
      kind: "go-files",
      module: "github.com/controlplaneio-fluxcd/flux-operator",
      folder: "config/crd/bases",
    },
    neededBy: "full",
    typicalBuildS: 5,
  },
] as const satisfies readonly Peer[];

export type PeerName = (typeof peers)[number]["name"];
