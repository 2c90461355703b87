import type { Digest } from "../artifact/digest.ts";
import type { RepositoryName } from "../artifact/repository.ts";
import type { Identity, ObjectRef } from "../ports.ts";

/** One decision for one object: what its receiver is told. */
export interface Change {
  /** Where the receiver serves several. */
  readonly cluster?: string;
  readonly decisionId: string;
  /** What the poke must annotate: the subscription's target. */
  readonly object: ObjectRef;
  readonly repository: RepositoryName;
  readonly tag?: string;
  readonly digest: Digest;
  /** What was delivered before. */
  readonly previous?: { readonly tag?: string; readonly digest: Digest };
  /** Who signed. Absent where sluice.yaml asks for no signature, or the signature is by key. */
  readonly identity?: Identity;
}

/** `Kind/namespace/name`: the spelling that a Receiver's CEL filter builds from `res`. */
export const objectKey = ({ kind, namespace, name }: ObjectRef): string => `${kind}/${namespace}/${name}`;
