import * as v from "valibot";
import type { Selector } from "../ports.ts";
import { helmChartSelection, toHelmSelector } from "./catalog/compile-helm.ts";
import { imagePolicySelection, toImagePolicySelector } from "./catalog/compile-image-policy.ts";
import { ociRepositorySelection, toOciSelector } from "./catalog/compile-oci-repository.ts";
import { compileSelector } from "./select.ts";

/** One answer of `sluice select --batch`. `selected` is the registry's tag, or the digest that is pinned. */
export type BatchAnswer =
  | { readonly id: unknown; readonly selected: string; readonly ties?: readonly string[] }
  | { readonly id: unknown; readonly error: string; readonly message: string };

const batchLine = v.object({
  id: v.unknown(),
  kind: v.picklist(["OCIRepository", "HelmChart", "ImagePolicy"]),
  spec: v.unknown(),
  tags: v.array(v.string()),
  /** Of the ImageRepository that the policy reads; without it, `tags` are what was scanned. */
  exclusionList: v.optional(v.array(v.string()), []),
  /** What is selected now; settles ties. */
  current: v.optional(v.string()),
});

type BatchLine = v.InferOutput<typeof batchLine>;

const toSelector = ({ kind, spec, exclusionList }: BatchLine): Selector | undefined => {
  switch (kind) {
    case "OCIRepository":
      return toOciSelector(v.parse(ociRepositorySelection, spec));
    case "HelmChart":
      return toHelmSelector(v.parse(helmChartSelection, spec));
    case "ImagePolicy":
      return toImagePolicySelector(v.parse(imagePolicySelection, spec), exclusionList);
  }
};

const NONE_MESSAGES = {
  "no-match": "no tag matches",
  "tag-absent": "the tag is not among the tags",
  "digest-pinned": "the object is pinned to a digest",
} as const;

const answer = (line: BatchLine): BatchAnswer => {
  const { id, tags, current } = line;
  const selector = toSelector(line);
  if (selector === undefined)
    return { id, error: "spec-invalid", message: "spec chooses nothing Flux accepts" };
  if (selector.kind === "digest") return { id, selected: selector.digest };
  const selection = compileSelector(selector).pick(tags, current);
  switch (selection.kind) {
    case "picked":
      return { id, selected: selection.tag, ...(selection.ties.length > 0 ? { ties: selection.ties } : {}) };
    case "none":
      return { id, error: selection.reason, message: NONE_MESSAGES[selection.reason] };
    case "error":
      return { id, error: selection.code, message: selection.message };
  }
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const describe = ([issue]: v.ValiError<v.GenericSchema>["issues"]): string => {
  const path = v.getDotPath(issue);
  return path === null ? issue.message : `${path}: ${issue.message}`;
};

const idOf = (value: unknown): unknown =>
  typeof value === "object" && value !== null && "id" in value ? value.id : null;

/** Answers one line of NDJSON; whatever the line holds, the answer is one too. */
export const selectBatchLine = (text: string): BatchAnswer => {
  const value = parseJson(text);
  const id = idOf(value);
  const parsed = v.safeParse(batchLine, value);
  if (!parsed.success) return { id, error: "line-invalid", message: describe(parsed.issues) };
  try {
    return answer({ ...parsed.output, id });
  } catch (error) {
    if (error instanceof v.ValiError) return { id, error: "spec-invalid", message: describe(error.issues) };
    throw error;
  }
};
