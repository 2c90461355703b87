import { compileSelector } from "../../shared/policy/select.ts";
import type { Push, Subscription } from "../../shared/ports.ts";
import type { StateStore, StoredRecord } from "../../shared/state.ts";
import type { Arrival } from "./receivers.ts";
import { repositoryKey, type World } from "./world.ts";

/** Everything a run left behind. */
export interface Aftermath {
  readonly world: World;
  readonly state: StateStore;
  readonly records: readonly StoredRecord[];
  readonly arrivals: readonly Arrival[];
  /** Pushes that got a 2xx. */
  readonly answered: readonly Push[];
  readonly parked: number;
}

const objectKey = ({ target }: Subscription): string => `${target.kind}/${target.namespace}/${target.name}`;

const arrivalsOf = (aftermath: Aftermath, subscription: Subscription): readonly Arrival[] =>
  aftermath.arrivals.filter(
    ({ receiver, object }) => subscription.receivers.includes(receiver) && object === objectKey(subscription),
  );

/** No delivery without a strict verified verdict at its digest. */
const checkVerified = ({ world, arrivals }: Aftermath): string[] =>
  arrivals
    .filter(({ digest, atMs }) => {
      const verifiedFromMs = world.versionOf(digest)?.verifiedFromMs;
      return verifiedFromMs === undefined || verifiedFromMs > atMs;
    })
    .map(({ receiver, object, tag }) => `unverified ${tag} was delivered to ${receiver} for ${object}`);

/** Nothing answered 2xx is lost: each push ends in a final decision for each subscription of its repository. */
const checkNothingLost = ({ world, answered, records }: Aftermath): string[] => {
  const final = new Set<string>();
  for (const record of records) {
    if (record.kind !== "decision" || record.outcome === "wait") continue;
    final.add(`${record.subscription} ${record.tag} ${record.digest}`);
  }
  return answered
    .filter(({ kind }) => kind === "artifact")
    .flatMap(({ registry, repository, tag, digest }) =>
      world.subscriptions
        .filter((subscription) => repositoryKey(subscription.repository) === `${registry}/${repository}`)
        .filter(({ id }) => !final.has(`${id} ${tag} ${digest}`))
        .map(({ id }) => `the push of ${tag} got a 2xx, and no final decision for ${id}`),
    );
};

/** The selection is what Flux would pick over all tags; and if it is verified, the receiver knows it. */
const checkSelections = async (aftermath: Aftermath): Promise<string[]> => {
  const { world, state } = aftermath;
  const violations: string[] = [];
  for (const subscription of world.subscriptions) {
    const tags = world.tags.get(repositoryKey(subscription.repository)) ?? new Map();
    const pick = compileSelector(subscription.selector).pick([...tags.keys()]);
    const expected = pick.kind === "picked" ? `${pick.tag}@${tags.get(pick.tag)}` : "nothing";
    const { selection } = await state.load(subscription.id);
    const actual = selection === undefined ? "nothing" : `${selection.tag}@${selection.digest}`;
    if (actual !== expected) violations.push(`${subscription.id} ends at ${actual}, Flux at ${expected}`);
    if (selection?.status === "pending") violations.push(`${subscription.id} is still pending`);
    if (selection?.status !== "verified") continue;
    const last = arrivalsOf(aftermath, subscription).findLast(({ accepted }) => accepted);
    if (`${last?.tag}@${last?.digest}` !== actual)
      violations.push(`${subscription.id} was never told of ${actual}`);
  }
  return violations;
};

/** No older version after a newer one, as the receiver saw them. */
const checkOrder = (aftermath: Aftermath): string[] => {
  const violations: string[] = [];
  const order = new Map(
    aftermath.records
      .filter((record) => record.kind === "decision")
      .map((record) => [record.decisionId, record.sequence]),
  );
  for (const subscription of aftermath.world.subscriptions) {
    let newest = 0;
    for (const { decisionId, tag, accepted } of arrivalsOf(aftermath, subscription)) {
      if (!accepted) continue;
      const decided = order.get(decisionId) ?? 0;
      if (decided < newest) violations.push(`${subscription.id} was told of ${tag} after something newer`);
      newest = Math.max(newest, decided);
    }
    const selector = compileSelector(subscription.selector);
    const told = arrivalsOf(aftermath, subscription).filter(({ accepted }) => accepted);
    for (const [index, { tag }] of told.entries()) {
      const before = told[index - 1]?.tag;
      if (tag === undefined || before === undefined || selector.compare(tag, before) >= 0) continue;
      violations.push(`${subscription.id} went back from ${before} to ${tag}`);
    }
  }
  return violations;
};

/** What must hold at the end of every run, whatever happened on the way. */
export const findViolations = async (aftermath: Aftermath): Promise<readonly string[]> => [
  ...checkVerified(aftermath),
  ...checkNothingLost(aftermath),
  ...(await checkSelections(aftermath)),
  ...checkOrder(aftermath),
  ...(aftermath.parked === 0 ? [] : [`${aftermath.parked} messages ended as dead letters`]),
];
