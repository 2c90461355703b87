export interface ManifestLimits {
  /** One file; larger ones are refused unread. */
  readonly maxFileBytes: number;
  /** One YAML document; the API server itself stores no object above 1.5 MiB. */
  readonly maxDocumentBytes: number;
  /** Documents in one file. */
  readonly maxDocuments: number;
  /** Objects of one cluster, after lists are expanded. */
  readonly maxObjects: number;
  /** All files of one cluster. */
  readonly maxTotalBytes: number;
  readonly maxFiles: number;
  /** How often one document may refer back to one anchor: more is an alias bomb. */
  readonly maxAliases: number;
  /** Anchors and aliases of one document together. */
  readonly maxReferences: number;
  /** Levels of one object; no kind of Flux's comes near. */
  readonly maxDepth: number;
}

/** Bounds on what is read as manifests. A parser takes about half a second per megabyte, hence the sizes. */
export const MANIFEST_LIMITS: ManifestLimits = {
  maxFileBytes: 16 * 1024 * 1024,
  maxDocumentBytes: 8 * 1024 * 1024,
  maxDocuments: 20_000,
  maxObjects: 200_000,
  maxTotalBytes: 256 * 1024 * 1024,
  maxFiles: 50_000,
  maxAliases: 100,
  maxReferences: 2_000,
  maxDepth: 128,
};
