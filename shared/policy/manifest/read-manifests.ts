import { type Finding, toFinding, type Where } from "../finding.ts";
import { finish, type Steps } from "../steps.ts";
import { splitDocuments, type TextDocument } from "./documents.ts";
import { findExcess } from "./extent.ts";
import { toKindStatus } from "./kinds.ts";
import type { ParseDocument } from "./known-documents.ts";
import { MANIFEST_LIMITS, type ManifestLimits } from "./limits.ts";
import { isRecord, type Manifest, type ManifestSet, splitApiVersion } from "./manifest.ts";
import { type ParsedDocument, parseDocument } from "./parse-document.ts";
import { isForeign } from "./peek.ts";
import { findPlaceholder } from "./placeholders.ts";

/** One file of manifests, named as a person would look it up. */
export interface ManifestFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

interface Collector {
  readonly limits: ManifestLimits;
  readonly parse: ParseDocument;
  readonly manifests: Manifest[];
  readonly findings: Finding[];
}

const DEFAULT_NAMESPACE = "default";
const UTF8 = new TextDecoder("utf-8", { fatal: true });

const toLabels = (value: unknown): Readonly<Record<string, string>> => {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
};

const keep = (collector: Collector, body: Readonly<Record<string, unknown>>, where: Where): void => {
  const { apiVersion, kind, metadata } = body;
  if (typeof apiVersion !== "string" || typeof kind !== "string") return;
  const { group, version } = splitApiVersion(apiVersion);
  const status = toKindStatus(group, version, kind);
  if (status === "foreign") return;
  if (status === "unrendered") {
    const message = `${kind} of ${group}: these manifests are not rendered; run them through kustomize build first`;
    collector.findings.push(toFinding("not-rendered", message, { where }));
    return;
  }
  if (!isRecord(metadata) || typeof metadata.name !== "string" || metadata.name === "") {
    collector.findings.push(toFinding("object-invalid", `${kind} without metadata.name`, { where }));
    return;
  }
  const namespace = metadata.namespace ?? DEFAULT_NAMESPACE;
  if (typeof namespace !== "string") {
    collector.findings.push(
      toFinding("object-invalid", `${kind}: metadata.namespace is no string`, { where }),
    );
    return;
  }
  const ref = { apiVersion, kind, namespace, name: metadata.name };
  const placeholder = findPlaceholder([ref.name, ref.namespace]);
  const excess = findExcess(body, collector.limits.maxDepth, collector.limits.maxDocumentBytes);
  const subject = { object: ref, where };
  if (excess !== undefined) {
    collector.findings.push(toFinding("object-invalid", `the object is ${excess}`, subject));
  } else if (placeholder !== undefined) {
    collector.findings.push(toFinding("unresolved", `metadata holds ${placeholder}`, subject));
  } else if (status === "version-unknown") {
    collector.findings.push(toFinding("version-unknown", `${apiVersion} is not known for ${kind}`, subject));
  } else if (status === "known") {
    collector.findings.push(toFinding("kind-not-served", `${kind} is known and not served`, subject));
  } else {
    const type = `${group}/${kind}`;
    collector.manifests.push({ ref, type, labels: toLabels(metadata.labels), body, where });
  }
};

/** `kubectl get -o yaml` prints one List; its items may leave kind and version to it. */
const keepList = (
  collector: Collector,
  list: Readonly<Record<string, unknown>>,
  items: readonly unknown[],
  whereOf: (index: number) => Where,
): void => {
  const itemKind = String(list.kind).slice(0, -"List".length);
  for (const [index, item] of items.entries()) {
    if (!isRecord(item)) continue;
    const inherited = itemKind === "" ? {} : { apiVersion: list.apiVersion, kind: itemKind };
    keep(collector, { ...inherited, ...item }, whereOf(index));
  }
};

const keepDocument = (collector: Collector, parsed: ParsedDocument, file: string, line: number): void => {
  const { value } = parsed;
  const where = { file, line };
  if (value === null || value === undefined) return;
  if (!isRecord(value)) {
    collector.findings.push(toFinding("not-an-object", "the document is no mapping", { where }));
    return;
  }
  const { kind, items } = value;
  if (typeof kind === "string" && kind.endsWith("List") && Array.isArray(items)) {
    keepList(collector, value, items, (index) => ({ file, line: line + parsed.itemLine(index) - 1 }));
  } else keep(collector, value, where);
};

const readDocument = (collector: Collector, file: string, { text, line }: TextDocument): void => {
  const where = { file, line };
  if (text.length > collector.limits.maxDocumentBytes) {
    const message = `document above ${collector.limits.maxDocumentBytes} bytes`;
    collector.findings.push(toFinding("document-too-large", message, { where }));
    return;
  }
  if (isForeign(text)) return;
  const parsed = collector.parse(text);
  if ("problem" in parsed) {
    const at = { file, line: line + parsed.line - 1 };
    collector.findings.push(toFinding("yaml-invalid", parsed.problem, { where: at }));
  } else keepDocument(collector, parsed, file, line);
};

const decode = (bytes: Uint8Array): string | undefined => {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
};

function* readFile(collector: Collector, { name, bytes }: ManifestFile): Steps<void> {
  const where = { file: name, line: 1 };
  if (bytes.byteLength > collector.limits.maxFileBytes) {
    const message = `file above ${collector.limits.maxFileBytes} bytes`;
    collector.findings.push(toFinding("file-too-large", message, { where }));
    return;
  }
  const text = decode(bytes);
  if (text === undefined) {
    collector.findings.push(toFinding("not-text", "the file is not UTF-8", { where }));
    return;
  }
  let documents = 0;
  for (const document of splitDocuments(text)) {
    if (++documents > collector.limits.maxDocuments) {
      const message = `more than ${collector.limits.maxDocuments} documents; the rest is not read`;
      const at = { file: name, line: document.line };
      collector.findings.push(toFinding("too-many-documents", message, { where: at }));
      return;
    }
    readDocument(collector, name, document);
    if (collector.manifests.length > collector.limits.maxObjects) return;
    yield;
  }
}

/** As `readManifests`, a step for each document. */
export function* readManifestsInSteps(
  files: Iterable<ManifestFile>,
  limits = MANIFEST_LIMITS,
  parse: ParseDocument = parseDocument,
): Steps<ManifestSet> {
  const collector: Collector = { limits, parse, manifests: [], findings: [] };
  for (const file of files) {
    yield* readFile(collector, file);
    if (collector.manifests.length > limits.maxObjects) {
      const message = `more than ${limits.maxObjects} objects; the rest is not read`;
      collector.findings.push(toFinding("too-many-objects", message));
      break;
    }
  }
  return { manifests: collector.manifests, findings: collector.findings };
}

/**
 * Reads rendered manifests: multi-document YAML or JSON, lists expanded. Objects of other APIs are passed over;
 * whatever cannot be read becomes a finding and spoils nothing else.
 */
export const readManifests = (files: Iterable<ManifestFile>, limits = MANIFEST_LIMITS): ManifestSet =>
  finish(readManifestsInSteps(files, limits));
