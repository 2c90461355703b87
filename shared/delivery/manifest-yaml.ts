import { Document } from "yaml";

/** One Kubernetes object to print, with what a person should know about it. */
export interface PrintedManifest {
  readonly comment?: string;
  readonly object: Readonly<Record<string, unknown>>;
}

/** Multi-document YAML, ready for Git. Long text stays on its lines: a folded CEL expression is hard to review. */
export const toYaml = (manifests: readonly PrintedManifest[]): string =>
  manifests
    .map(({ comment, object }) => {
      const document = new Document(object);
      if (comment !== undefined) document.commentBefore = comment.replace(/^/gm, " ");
      return `---\n${document.toString({ lineWidth: 0, blockQuote: "literal" })}`;
    })
    .join("");
