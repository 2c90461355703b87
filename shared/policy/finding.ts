import type { ObjectRef } from "../ports.ts";

/** `error`: the object is not served, or Flux refuses it. `warning`: served, but not as its author may think. */
export type Severity = "error" | "warning" | "info";

/** Where in the manifests: the file as it was named, and the line of the document or object. */
export interface Where {
  readonly file: string;
  readonly line: number;
}

export const FINDING_CODES = {
  "file-too-large": "error",
  "too-many-documents": "error",
  "too-many-objects": "error",
  "document-too-large": "error",
  "yaml-invalid": "error",
  "not-text": "error",
  "not-an-object": "info",
  "not-rendered": "warning",
  unresolved: "error",
  "version-unknown": "error",
  "kind-not-served": "info",
  "object-invalid": "error",
  "object-duplicate": "error",
  "url-invalid": "error",
  "digest-invalid": "error",
  "source-absent": "error",
  "source-unusable": "error",
  "source-not-oci": "info",
  "range-invalid": "error",
  "range-empty": "warning",
  "filter-invalid": "error",
  "exclusion-invalid": "error",
  "not-a-number": "error",
  "access-denied": "warning",
  suspended: "info",
  "verify-notation": "error",
  "verify-no-identity": "error",
  "verify-empty-pattern": "error",
  "verify-pattern-invalid": "error",
  "verify-several-identities": "warning",
  "verify-several-keys": "warning",
  "verify-no-key": "error",
  "verify-trusted-root-missing": "error",
  "verify-ignored-field": "warning",
  "secret-unavailable": "error",
  "receiver-absent": "warning",
  "receiver-type-not-served": "info",
  "receiver-unauthenticated": "warning",
  "receiver-wildcard": "error",
  "receiver-resource-absent": "warning",
  "receiver-resource-inert": "warning",
  "receiver-api-version": "error",
  "receiver-cross-namespace": "error",
  "receiver-filter-own": "info",
  "receiver-path-shared": "warning",
  "pattern-unanchored": "warning",
  "pattern-dot": "warning",
  "pattern-matches-all": "error",
  "pattern-never-matches": "error",
  "pattern-reusable-workflow": "warning",
} as const satisfies Record<string, Severity>;

export type FindingCode = keyof typeof FINDING_CODES;

/** Something a person should know about the manifests. A value, never a throw: the rest of the catalog stands. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** One line, without secrets. */
  readonly message: string;
  readonly cluster?: string;
  readonly object?: ObjectRef;
  readonly where?: Where;
}

/** What a finding is about. */
export interface Subject {
  readonly cluster?: string;
  readonly object?: ObjectRef;
  readonly where?: Where;
}

export const toFinding = (code: FindingCode, message: string, subject: Subject = {}): Finding => ({
  code,
  severity: FINDING_CODES[code],
  message,
  ...(subject.cluster === undefined ? {} : { cluster: subject.cluster }),
  ...(subject.object === undefined ? {} : { object: subject.object }),
  ...(subject.where === undefined ? {} : { where: subject.where }),
});
