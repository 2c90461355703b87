import type { ObjectRef } from "../../ports.ts";
import type { Finding, Where } from "../finding.ts";

/** One object as its manifest says it, not yet read field by field. */
export interface Manifest {
  readonly ref: ObjectRef;
  /** `source.toolkit.fluxcd.io/OCIRepository`; Secrets are `/Secret`. */
  readonly type: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly where: Where;
}

export interface ManifestSet {
  readonly manifests: readonly Manifest[];
  readonly findings: readonly Finding[];
}

/** `source.toolkit.fluxcd.io/v1` → group and version; core objects have no group. */
export const splitApiVersion = (apiVersion: string): { group: string; version: string } => {
  const slash = apiVersion.indexOf("/");
  if (slash === -1) return { group: "", version: apiVersion };
  return { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
};

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
