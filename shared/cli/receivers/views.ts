import * as v from "valibot";
import { Secret } from "../../artifact/secret.ts";
import type { ReachInput } from "../../delivery/check-reach.ts";
import type { ObjectView, ReceiverView } from "../../delivery/receiver-view.ts";
import type { Catalog } from "../../policy/catalog/catalog.ts";
import { receiverSpec } from "../../policy/catalog/compile-receivers.ts";
import { toSecretData } from "../../policy/catalog/secret-manifest.ts";
import { GROUP, RECEIVER_KINDS } from "../../policy/manifest/kinds.ts";
import { type Manifest, splitApiVersion } from "../../policy/manifest/manifest.ts";
import type { ObjectRef } from "../../ports.ts";
import type { ClusterObjects } from "./ports.ts";

const withSecretRef = v.object({ secretRef: v.nullish(v.object({ name: v.string() })) });

const tokenOf = ({ body, ref }: Manifest, cluster: ClusterObjects): Secret | undefined => {
  const spec = v.safeParse(withSecretRef, body.spec);
  const name = spec.success ? spec.output.secretRef?.name : undefined;
  if (name === undefined) return undefined;
  const isIt = ({ type, ref: other }: Manifest): boolean =>
    type === "/Secret" && other.namespace === ref.namespace && other.name === name;
  const manifest = cluster.manifests.find(isIt);
  const data = cluster.secret(ref.namespace, name) ?? (manifest && toSecretData(manifest));
  return data?.token === undefined ? undefined : new Secret(data.token);
};

const present = <K extends string, T>(key: K, value: T | null | undefined): { readonly [key in K]?: T } =>
  value === undefined || value === null || value === "" ? {} : ({ [key]: value } as { [key in K]: T });

/** A Receiver as written; undefined for one that Kubernetes would refuse. */
const toReceiverView = (manifest: Manifest, cluster: ClusterObjects): ReceiverView | undefined => {
  const spec = v.safeParse(receiverSpec, manifest.body.spec);
  if (!spec.success) return undefined;
  const { namespace, name } = manifest.ref;
  const { type, suspend, resources, resourceFilter } = spec.output;
  return {
    id: `${cluster.name}/${namespace}/${name}`,
    namespace,
    name,
    type,
    suspended: suspend === true,
    resources: (resources ?? []).map((entry) => ({
      kind: entry.kind,
      name: entry.name,
      ...present("apiVersion", entry.apiVersion),
      ...present("namespace", entry.namespace),
      ...present("matchLabels", entry.matchLabels),
      ...present("filter", entry.filter),
    })),
    ...present("resourceFilter", resourceFilter),
    ...present("token", tokenOf(manifest, cluster)),
  };
};

const isReachable = ({ ref }: Manifest): boolean =>
  RECEIVER_KINDS.get(ref.kind) === splitApiVersion(ref.apiVersion).group;

/** Objects of kinds that the manifests hold none of are taken to be there: they may come from elsewhere. */
const assumedObjects = (
  receivers: readonly ReceiverView[],
  known: readonly ObjectView[],
): readonly ObjectView[] => {
  const kinds = new Set(known.map(({ object }) => object.kind));
  return receivers.flatMap((receiver) =>
    receiver.resources
      .filter(({ kind, name }) => name !== "*" && !kinds.has(kind))
      .map(({ apiVersion, kind, namespace, name }) => ({
        object: {
          apiVersion: apiVersion ?? `${RECEIVER_KINDS.get(kind) ?? ""}/v1`,
          kind,
          namespace: namespace ?? receiver.namespace,
          name,
        },
        labels: {},
      })),
  );
};

/** What `checkReach` judges of one cluster. */
export const toReachInput = (
  cluster: ClusterObjects,
  catalog: Catalog,
  crossNamespace: boolean,
  providers: readonly ObjectRef[] = [],
): ReachInput => {
  const subscriptions = [...catalog.subscriptions()].filter((one) => one.cluster === cluster.name);
  const receivers = cluster.manifests
    .filter(({ type }) => type === `${GROUP.notification}/Receiver`)
    .map((manifest) => toReceiverView(manifest, cluster))
    .filter((view) => view !== undefined);
  const written = cluster.manifests.filter(isReachable).map(({ ref, labels }) => ({ object: ref, labels }));
  // Flux makes a HelmRelease's chart itself.
  const made = subscriptions
    .map(({ target }) => target)
    .filter(
      ({ kind, namespace, name }) =>
        !written.some(({ object: o }) => o.kind === kind && o.namespace === namespace && o.name === name),
    )
    .map((object) => ({ object, labels: {} }));
  const known = [...written, ...made];
  return {
    providers,
    subscriptions: subscriptions.filter(({ suspended }) => !suspended),
    receivers,
    objects: [...known, ...assumedObjects(receivers, known)],
    crossNamespace,
  };
};
