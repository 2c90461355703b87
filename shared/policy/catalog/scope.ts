import * as v from "valibot";
import type { ObjectRef, Subscription } from "../../ports.ts";
import { type Finding, type FindingCode, toFinding } from "../finding.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { findPlaceholder } from "../manifest/placeholders.ts";
import { hashOf } from "./hash.ts";

/** The data of a Kubernetes Secret; undefined when there is none, or none that may be read. */
export type ResolveSecret = (
  cluster: string,
  namespace: string,
  name: string,
) => Readonly<Record<string, Uint8Array>> | undefined;

/** What the compilers of one cluster share. */
export interface ClusterScope {
  readonly cluster: string;
  find(type: string, namespace: string, name: string): Manifest | undefined;
  all(type: string): readonly Manifest[];
  secret(namespace: string, name: string): Readonly<Record<string, Uint8Array>> | undefined;
  report(code: FindingCode, message: string, manifest: Manifest): void;
  /** Trusted roots that manifests name, by the name their rules carry. */
  readonly trustedRoots: Map<string, string>;
}

/** A subscription before anybody asked which receivers reach its target. */
export interface Draft {
  readonly subscription: Omit<Subscription, "receivers">;
  readonly targetLabels: Readonly<Record<string, string>>;
  readonly manifest: Manifest;
}

/** A source that several objects share is read for each of them, and reported once. */
export const createFindingReport = (cluster: string, findings: Finding[]): ClusterScope["report"] => {
  const reported = new Set<string>();
  return (code, message, { ref, where }) => {
    const key = `${where.file}:${where.line} ${ref.kind} ${ref.namespace}/${ref.name} ${code} ${message}`;
    if (reported.has(key)) return;
    reported.add(key);
    findings.push(toFinding(code, message, { cluster, object: ref, where }));
  };
};

const describeIssue = (issue: v.BaseIssue<unknown>): string => {
  const path = v.getDotPath(issue);
  const quoteIt = issue.expected === "string" && ["number", "boolean"].includes(typeof issue.input);
  const hint = quoteIt ? "; put it in quotes" : "";
  return `spec${path === null ? "" : `.${path}`}: ${issue.message}${hint}`;
};

/**
 * Reads the fields of `spec` that a schema names. What does not fit, or still holds a placeholder, is reported
 * and gives undefined.
 */
export const readSpec = <Schema extends v.GenericSchema>(
  schema: Schema,
  manifest: Manifest,
  scope: ClusterScope,
  isPlaceholder: (spec: v.InferOutput<Schema>) => string | undefined = findPlaceholder,
): v.InferOutput<Schema> | undefined => {
  const parsed = v.safeParse(schema, manifest.body.spec ?? {});
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const placeholder = typeof issue.input === "string" ? findPlaceholder(issue.input) : undefined;
    if (placeholder === undefined) scope.report("object-invalid", describeIssue(issue), manifest);
    else scope.report("unresolved", `spec holds ${placeholder}`, manifest);
    return undefined;
  }
  const placeholder = isPlaceholder(parsed.output);
  if (placeholder === undefined) return parsed.output;
  scope.report("unresolved", `spec holds ${placeholder}`, manifest);
  return undefined;
};

export const toReceiverId = (cluster: string, namespace: string, name: string): string =>
  `${cluster}/${namespace}/${name}`;

export const toSubscriptionId = (cluster: string, { kind, namespace, name }: ObjectRef): string =>
  `${cluster}/${kind}/${namespace}/${name}`;

/** Puts the hash of what is selected beside it. */
export const toDraft = (
  scope: ClusterScope,
  manifest: Manifest,
  parts: Pick<Draft["subscription"], "target" | "repository" | "selector" | "rules" | "suspended"> & {
    readonly targetLabels: Readonly<Record<string, string>>;
  },
): Draft => {
  const { targetLabels, ...rest } = parts;
  const { repository, selector } = rest;
  const subscription = {
    id: toSubscriptionId(scope.cluster, manifest.ref),
    cluster: scope.cluster,
    object: manifest.ref,
    selectorHash: hashOf([repository, selector]),
    ...rest,
  };
  return { subscription, targetLabels, manifest };
};
