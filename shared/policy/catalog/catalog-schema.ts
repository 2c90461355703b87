import * as v from "valibot";
import { isDigest } from "../../artifact/digest.ts";
import type { RepositoryName } from "../../artifact/repository.ts";
import type { ObjectRef, Selector, VerifyRule } from "../../ports.ts";
import type { FluxReceiver } from "../../receiver.ts";
import type { AlertRoute } from "./compile-alerts.ts";

/** Rules and receivers are named by their place in the lists; what follows from other fields is left out. */
export interface PackedSubscription {
  readonly cluster: string;
  readonly object: ObjectRef;
  /** Absent: the object itself. */
  readonly target?: ObjectRef;
  readonly repository: RepositoryName;
  readonly selector: Selector;
  readonly selectorHash: string;
  readonly rules?: readonly number[];
  readonly suspended?: true;
  readonly receivers?: readonly number[];
}

/** A catalog as it is written, everything once. */
export interface PackedCatalog {
  readonly rules: readonly VerifyRule[];
  readonly receivers: readonly FluxReceiver[];
  readonly subscriptions: readonly PackedSubscription[];
  readonly followers: Readonly<Record<string, readonly ObjectRef[]>>;
  readonly alerts: readonly AlertRoute[];
  readonly trustedRoots: Readonly<Record<string, string>>;
}

export interface CatalogFile {
  readonly format: 1;
  readonly version: string;
  readonly compiledAtMs: number;
  readonly content: PackedCatalog;
}

const text = v.string();
const whole = v.pipe(v.number(), v.integer(), v.minValue(0));
const texts = v.record(text, text);
const objectRef = v.object({ apiVersion: text, kind: text, namespace: text, name: text });
const direction = v.picklist(["asc", "desc"]);
const repository = v.object({ registry: text, repository: text });
const digest = v.custom<`sha256:${string}`>((value) => typeof value === "string" && isDigest(value));

const selector: v.GenericSchema<unknown, Selector> = v.variant("kind", [
  v.object({ kind: v.literal("digest"), digest }),
  v.object({ kind: v.literal("tag"), tag: text }),
  v.object({
    kind: v.literal("semver"),
    range: text,
    filter: v.exactOptional(text),
    dialect: v.picklist(["flux", "helm-oci", "helm"]),
  }),
  v.object({
    kind: v.literal("image-policy"),
    order: v.variant("by", [
      v.object({ by: v.literal("semver"), range: text }),
      v.object({ by: v.literal("alphabetical"), order: direction }),
      v.object({ by: v.literal("numerical"), order: direction }),
    ]),
    filter: v.exactOptional(v.object({ pattern: v.exactOptional(text), extract: v.exactOptional(text) })),
    exclusions: v.array(text),
    digest: v.exactOptional(v.literal("always")),
  }),
]);

const identity = v.object({ issuer: text, subject: text, claims: v.exactOptional(texts) });

const rule: v.GenericSchema<unknown, VerifyRule> = v.object({
  id: text,
  origin: v.picklist(["object", "sluice"]),
  identities: v.array(identity),
  keys: v.array(text),
  trustedRoot: v.exactOptional(text),
  transparencyLog: v.picklist(["required", "timestamp", "none"]),
  predicateType: v.exactOptional(text),
  signatureRepository: v.exactOptional(repository),
});

const subscription: v.GenericSchema<unknown, PackedSubscription> = v.object({
  cluster: text,
  object: objectRef,
  target: v.exactOptional(objectRef),
  repository,
  selector,
  selectorHash: text,
  rules: v.exactOptional(v.array(whole)),
  suspended: v.exactOptional(v.literal(true)),
  receivers: v.exactOptional(v.array(whole)),
});

const source = v.object({ kind: text, namespace: text, name: text, matchLabels: texts });

const alert: v.GenericSchema<unknown, AlertRoute> = v.object({
  cluster: text,
  namespace: text,
  name: text,
  provider: v.object({ type: text, name: text, address: v.exactOptional(text) }),
  severity: v.picklist(["info", "error"]),
  sources: v.array(source),
});

export const catalogFile: v.GenericSchema<unknown, CatalogFile> = v.object({
  format: v.literal(1),
  version: text,
  compiledAtMs: whole,
  content: v.object({
    rules: v.array(rule),
    receivers: v.array(v.object({ id: text, cluster: text, namespace: text, name: text, type: text })),
    subscriptions: v.array(subscription),
    followers: v.record(text, v.array(objectRef)),
    alerts: v.array(alert),
    trustedRoots: texts,
  }),
});
