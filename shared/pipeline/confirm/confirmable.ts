import type { Subscription } from "../../ports.ts";
import type { Receiver } from "../../receiver.ts";
import type { OutboxEntry, SubscriptionState } from "../../state.ts";
import type { ReceiverHandling } from "../deps.ts";

/** Whose events say what they have. An ImagePolicy's name no revision, so that its silence says nothing. */
const KINDS: ReadonlySet<string> = new Set(["OCIRepository", "HelmRelease", "HelmChart"]);

/** Whether the cluster behind the receiver can be expected to say that it has the version. */
export const isConfirmable = ({ object }: Subscription, receiver: Receiver): boolean =>
  "cluster" in receiver && KINDS.has(object.kind);

/** When an accepted entry is to be poked again: longer after each poke, never after the last or once confirmed. */
export const confirmBy = (
  entry: OutboxEntry,
  reported: SubscriptionState["reported"],
  confirmation: ReceiverHandling["confirmation"],
  nowMs: number,
): OutboxEntry => {
  const { confirmByMs: _before, ...rest } = entry;
  if (confirmation === undefined || rest.confirmed !== undefined) return rest;
  // It may have found the version by itself, before it was told.
  if (reported?.digest === entry.digest) {
    return { ...rest, confirmed: { outcome: reported.outcome, atMs: reported.atMs } };
  }
  const repokes = rest.repokes ?? 0;
  if (repokes >= confirmation.repokes) return rest;
  return { ...rest, confirmByMs: nowMs + confirmation.withinMs * 2 ** repokes };
};

/** As it stays behind where it is not poked again. */
export const unasked = ({ confirmByMs: _dropped, ...rest }: OutboxEntry): OutboxEntry => rest;
