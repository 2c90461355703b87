import type { ObjectRef } from "../ports.ts";
import { objectKey } from "./change.ts";
import { isExactFilter } from "./exact-filter.ts";
import { hookPath } from "./hook-path.ts";
import {
  findBroken,
  type ObjectView,
  type ReceiverResource,
  type ReceiverView,
  reaches,
} from "./receiver-view.ts";

/** What can be wrong with the Receivers of a cluster, by how bad it is. */
const SEVERITY = {
  "subscription-missed": "error",
  "object-absent": "error",
  "api-version-missing": "error",
  "wildcard-without-labels": "error",
  "cross-namespace-refused": "error",
  "path-shared": "error",
  "path-possibly-shared": "warning",
  "type-not-served": "warning",
  suspended: "warning",
  "over-poke": "warning",
  "provider-missed": "warning",
  "filter-not-judged": "info",
} as const;

export type ReachCode = keyof typeof SEVERITY;

export interface ReachFinding {
  readonly code: ReachCode;
  readonly severity: (typeof SEVERITY)[ReachCode];
  /** Absent for what no receiver does. */
  readonly receiver?: string;
  readonly message: string;
}

export interface ReachInput {
  readonly subscriptions: readonly { readonly id: string; readonly target: ObjectRef }[];
  /** What asks for the cluster's versions, and is to be poked with whatever has a new one. */
  readonly providers?: readonly ObjectRef[];
  readonly receivers: readonly ReceiverView[];
  /** Every object of the cluster that a Receiver could name. */
  readonly objects: readonly ObjectView[];
  /** False where notification-controller runs with `--no-cross-namespace-refs`. */
  readonly crossNamespace: boolean;
}

const SERVED_TYPES: ReadonlySet<string> = new Set(["generic", "generic-hmac", "generic-oidc"]);
const MAX_NAMED = 5;

const finding = (code: ReachCode, message: string, receiver?: string): ReachFinding => ({
  code,
  severity: SEVERITY[code],
  ...(receiver === undefined ? {} : { receiver }),
  message,
});

const some = (names: readonly string[]): string =>
  names.length <= MAX_NAMED
    ? names.join(", ")
    : `${names.slice(0, MAX_NAMED).join(", ")} and ${names.length - MAX_NAMED} more`;

const entryName = (resource: ReceiverResource, { namespace }: ReceiverView): string =>
  `${resource.kind}/${resource.namespace ?? namespace}/${resource.name}`;

const BROKEN = {
  "api-version-missing": "needs an apiVersion",
  "wildcard-without-labels": "is `*` without matchLabels (write `matchLabels: {}` for all)",
  "cross-namespace-refused": "is in another namespace, which this cluster forbids",
} as const;

/** The objects an entry reaches, without walking the whole cluster for each. */
type Reached = (resource: ReceiverResource, receiver: ReceiverView) => readonly ObjectView[];

const createReached = (objects: readonly ObjectView[], crossNamespace: boolean): Reached => {
  const byPlace = Map.groupBy(objects, ({ object }) => `${object.kind}/${object.namespace}`);
  return (resource, receiver) => {
    if (findBroken(resource, receiver, crossNamespace) !== undefined) return [];
    const place = `${resource.kind}/${resource.namespace ?? receiver.namespace}`;
    return (byPlace.get(place) ?? []).filter((object) => reaches(resource, receiver, object));
  };
};

const checkEntries = (
  receiver: ReceiverView,
  crossNamespace: boolean,
  reached: Reached,
): readonly ReachFinding[] =>
  receiver.resources.flatMap((resource) => {
    const name = entryName(resource, receiver);
    const broken = findBroken(resource, receiver, crossNamespace);
    if (broken !== undefined) {
      return [finding(broken, `${name} ${BROKEN[broken]}; every delivery answers 500`, receiver.id)];
    }
    const absent = resource.name !== "*" && reached(resource, receiver).length === 0;
    const message = `${name} is not in the cluster; every delivery answers 500, though others are poked`;
    return absent ? [finding("object-absent", message, receiver.id)] : [];
  });

const filtersOf = (resource: ReceiverResource, receiver: ReceiverView): readonly string[] =>
  [receiver.resourceFilter ?? "", resource.filter ?? ""].filter((filter) => filter !== "");

/** What one delivery for one object pokes besides it. */
const checkNeighbours = (receiver: ReceiverView, reached: Reached): readonly ReachFinding[] => {
  const all = new Set<string>();
  const open = new Set<string>();
  const unjudged = new Set<string>();
  for (const resource of receiver.resources) {
    const filters = filtersOf(resource, receiver);
    for (const { object } of reached(resource, receiver)) {
      const key = objectKey(object);
      all.add(key);
      if (filters.length === 0) open.add(key);
      else if (!filters.some(isExactFilter)) unjudged.add(key);
    }
  }
  // Nothing else there: nothing to poke by mistake.
  if (all.size < 2) return [];
  const findings: ReachFinding[] = [];
  if (open.size > 0) {
    findings.push(
      finding("over-poke", `every delivery, whatever it is for, pokes ${some([...open])}`, receiver.id),
    );
  }
  if (unjudged.size > 0) {
    const message = `a filter of its own decides about ${some([...unjudged])}; whether it spares them cannot be told`;
    findings.push(finding("filter-not-judged", message, receiver.id));
  }
  return findings;
};

const checkReceiver = (
  receiver: ReceiverView,
  crossNamespace: boolean,
  reached: Reached,
): readonly ReachFinding[] => {
  if (!SERVED_TYPES.has(receiver.type)) {
    const message = `is of type ${JSON.stringify(receiver.type)}, which Sluice cannot call`;
    return [finding("type-not-served", message, receiver.id)];
  }
  const entries = [...checkEntries(receiver, crossNamespace, reached), ...checkNeighbours(receiver, reached)];
  return receiver.suspended
    ? [finding("suspended", "is suspended and answers 503", receiver.id), ...entries]
    : entries;
};

/** `undefined`: the token is not known here. `generic-oidc` has none. */
const pathOf = ({ type, token, name, namespace }: ReceiverView): string | undefined => {
  if (type === "generic-oidc") return hookPath(undefined, name, namespace).reveal();
  return token === undefined ? undefined : hookPath(token, name, namespace).reveal();
};

/** Receivers that listen at one path: each delivery fires one of them, and which one varies. */
const checkPaths = (receivers: readonly ReceiverView[]): readonly ReachFinding[] => {
  const byPath = new Map<string, string>();
  const byNames = new Map<string, ReceiverView>();
  const findings: ReachFinding[] = [];
  for (const receiver of receivers) {
    const path = pathOf(receiver);
    const shared = path === undefined ? undefined : byPath.get(path);
    if (path !== undefined) byPath.set(path, receiver.id);
    const names = receiver.name + receiver.namespace;
    const namesake = byNames.get(names);
    byNames.set(names, receiver);
    if (shared !== undefined) {
      findings.push(finding("path-shared", `has the same path as ${shared}`, receiver.id));
    } else if (namesake !== undefined && (path === undefined || pathOf(namesake) === undefined)) {
      const message = `has the same path as ${namesake.id} if their tokens are the same`;
      findings.push(finding("path-possibly-shared", message, receiver.id));
    }
  }
  return findings;
};

/** An object with the labels it has, where it is known. */
const createViewOf = ({ objects }: ReachInput): ((object: ObjectRef) => ObjectView) => {
  const labelsOf = new Map(objects.map(({ object, labels }) => [objectKey(object), labels]));
  return (object) => ({ object, labels: labelsOf.get(objectKey(object)) ?? {} });
};

const checkMissed = (input: ReachInput): readonly ReachFinding[] => {
  const usable = input.receivers.filter(({ type }) => SERVED_TYPES.has(type));
  const viewOf = createViewOf(input);
  return input.subscriptions.flatMap(({ id, target }) => {
    const view = viewOf(target);
    const reached = usable.some((receiver) =>
      receiver.resources.some(
        (entry) =>
          findBroken(entry, receiver, input.crossNamespace) === undefined && reaches(entry, receiver, view),
      ),
    );
    return reached ? [] : [finding("subscription-missed", `${id}: no Receiver reaches ${objectKey(target)}`)];
  });
};

/** Receivers that are told of new versions and poke nobody who asks for them. */
const checkProviders = (input: ReachInput): readonly ReachFinding[] => {
  const { providers = [] } = input;
  if (providers.length === 0) return [];
  const viewOf = createViewOf(input);
  const reachesOneOf = (receiver: ReceiverView, objects: readonly ObjectRef[]): boolean =>
    receiver.resources.some(
      (entry) =>
        findBroken(entry, receiver, input.crossNamespace) === undefined &&
        objects.some((object) => reaches(entry, receiver, viewOf(object))),
    );
  const targets = input.subscriptions.map(({ target }) => target);
  return input.receivers
    .filter((receiver) => reachesOneOf(receiver, targets) && !reachesOneOf(receiver, providers))
    .map(({ id }) =>
      finding(
        "provider-missed",
        "pokes no ResourceSetInputProvider, which then asks when it is time only",
        id,
      ),
    );
};

/** Judges the Receivers that a cluster has: what they miss, poke too much, cannot do, or do for another. */
export const checkReach = (input: ReachInput): readonly ReachFinding[] => {
  const reached = createReached(input.objects, input.crossNamespace);
  return [
    ...checkMissed(input),
    ...input.receivers.flatMap((receiver) => checkReceiver(receiver, input.crossNamespace, reached)),
    ...checkProviders(input),
    ...checkPaths(input.receivers),
  ];
};
