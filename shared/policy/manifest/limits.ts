/** Bounds on what is read as manifests. A parser takes about half a second per megabyte, hence the sizes. */
export const MANIFEST_LIMITS = {
  /** One file; larger ones are refused unread. */
  maxFileBytes: 16 * 1024 * 1024,
  /** One YAML document; the API server itself stores no object above 1.5 MiB. */
  maxDocumentBytes: 8 * 1024 * 1024,
  /** Documents in one file. */
  maxDocuments: 20_000,
  /** Objects of one cluster, after lists are expanded. */
  maxObjects: 200_000,
  /** All files of one cluster. */
  maxTotalBytes: 256 * 1024 * 1024,
  maxFiles: 50_000,
  /** How often one document may refer back to its anchors: more is an alias bomb. */
  maxAliases: 100,
} as const;
