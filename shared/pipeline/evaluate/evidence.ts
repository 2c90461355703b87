import type { Digest } from "../../artifact/digest.ts";
import type { RepositoryName } from "../../artifact/repository.ts";
import type { Subscription } from "../../ports.ts";
import { awaitAnnounced, lookOnceMore } from "./announced.ts";
import { considerSelection, isHeld } from "./consider.ts";
import type { Scope } from "./scope.ts";

/** Evidence as a registry announced it; the tag is what it is stored under, where it has one. */
export interface AnnouncedEvidence {
  readonly subject: Digest;
  readonly tag?: string;
  readonly digest?: Digest;
}

const waitingFor = async (
  scope: Scope,
  subscriptions: readonly Subscription[],
  subject: Digest,
): Promise<readonly Subscription[]> => {
  const waiting: Subscription[] = [];
  for (const subscription of subscriptions) {
    if (subscription.suspended) continue;
    const state = await scope.deps.state.load(subscription.id);
    if (state.selection?.digest === subject && isHeld(state)) waiting.push(subscription);
  }
  return waiting;
};

/**
 * Evidence for `subject` arrived: every subscription that waits for it, or had rejected it, looks again. What is
 * stored under a tag may be announced before the tag is there; what has no tag is looked for once more.
 */
export const considerEvidence = async (
  scope: Scope,
  subscriptions: readonly Subscription[],
  name: RepositoryName,
  { subject, tag, digest }: AnnouncedEvidence,
  receivedAtMs: number,
): Promise<void> => {
  const waiting = await waitingFor(scope, subscriptions, subject);
  if (waiting.length === 0) return;
  const { registry, clock } = scope.deps;
  if (tag !== undefined) {
    const current = await registry.resolveTag(name, tag, scope.signal);
    const announced = digest === undefined ? { tag } : { tag, digest };
    awaitAnnounced(announced, current, clock.nowMs() - receivedAtMs);
  }
  for (const subscription of waiting) await considerSelection(scope, subscription);
  const isStillHeld = (await waitingFor(scope, waiting, subject)).length > 0;
  if (isStillHeld) lookOnceMore(`evidence for ${subject}`, clock.nowMs() - receivedAtMs);
};
