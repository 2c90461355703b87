import type { Push } from "../../shared/ports.ts";
import {
  type Aftermath,
  arrivalsFor,
  decisionsOf,
  findIn,
  policiesAt,
  SENT_MS,
  type StoredDecision,
} from "./aftermath.ts";
import { checkOrder, checkSelections } from "./check-selections.ts";
import { repositoryKey } from "./version.ts";
import { isVerified } from "./world.ts";

/** Nothing leaves that no policy of that time calls verified. */
const checkVerified = (aftermath: Aftermath): string[] =>
  aftermath.arrivals
    .filter(({ receiver, object, digest, atMs }) => {
      const verifies = policiesAt(aftermath, atMs).some((policy) =>
        policy.subscriptions
          .filter(
            ({ cluster, target }) => receiver.startsWith(`${cluster}/`) && object.endsWith(`/${target.name}`),
          )
          .some((subscription) => isVerified(aftermath.world, policy, subscription, digest, atMs)),
      );
      return !verifies;
    })
    .map(({ receiver, object, tag }) => `unverified ${tag} was delivered to ${receiver} for ${object}`);

/** Whether a decision speaks of what was pushed: by its tag, or by a digest that the tag named at some time. */
const isAbout = ({ world }: Aftermath, push: Push, { tag, digest }: StoredDecision): boolean => {
  if (push.digest !== undefined && push.digest !== digest) return false;
  if (push.tag === tag) return true;
  const named = world.history.some((change) => change.tag === push.tag && change.digest === digest);
  return tag === undefined && (push.digest !== undefined || named);
};

/** Nothing answered 2xx is lost: each push ends in a final decision for each object that takes from its repository. */
const checkNothingLost = (aftermath: Aftermath): string[] => {
  const { world, answered } = aftermath;
  const everywhere = world.policy().subscriptions.filter(({ id, repository }) =>
    world.policies.every((policy) => {
      const then = findIn(policy, id);
      return then !== undefined && repositoryKey(then.repository) === repositoryKey(repository);
    }),
  );
  return everywhere.flatMap(({ id, repository }) => {
    const final = decisionsOf(aftermath, id).filter(({ outcome }) => outcome !== "wait");
    return answered
      .map(({ push }) => push)
      .filter(({ kind, digest, tag }) => kind === "artifact" && (tag !== undefined || digest !== undefined))
      .filter(({ digest }) => digest === undefined || !world.subjects.has(digest))
      .filter((push) => `${push.registry}/${push.repository}` === repositoryKey(repository))
      .filter((push) => !final.some((record) => isAbout(aftermath, push, record)))
      .map(({ tag, digest }) => `the push of ${tag ?? digest} got a 2xx, and no final decision for ${id}`);
  });
};

const WITHDRAWALS: ReadonlySet<string> = new Set([
  "catalog-changed",
  "rules-changed",
  "observing",
  "suspended",
]);

/** One selection, one `notify`: the same version is not told of twice unless something else was selected between. */
const checkOnce = (aftermath: Aftermath): string[] => {
  const ids = new Set(
    aftermath.world.policies.flatMap(({ subscriptions }) => subscriptions.map(({ id }) => id)),
  );
  return [...ids].flatMap((id) => {
    const violations: string[] = [];
    let last: string | undefined;
    for (const { outcome, reason, tag, digest, decisionId } of decisionsOf(aftermath, id)) {
      const version = `${tag}@${digest}`;
      const selects = outcome === "notify" || outcome === "wait" || reason === "baseline";
      const rejects =
        outcome === "reject" && reason !== "shadowed-by-unverified" && reason !== "registry-unusable";
      if (outcome === "notify" && last === version)
        violations.push(`${id} decided twice to tell of ${version}`);
      // What was withdrawn is decided anew once the reason is gone.
      if (selects || rejects || WITHDRAWALS.has(reason)) last = outcome === "notify" ? version : undefined;
      if (decisionId === "") violations.push(`${id} has a decision without id`);
    }
    return violations;
  });
};

/** One id, one set of decisions: a receiver that remembers ids never drops news. */
const checkIds = ({ arrivals }: Aftermath): string[] => {
  const decisions = new Map<string, Set<string>>();
  const receivers = new Map<string, string>();
  const ids = new Map<string, string>();
  const violations: string[] = [];
  const requests = Map.groupBy(
    arrivals,
    ({ deliveryId, receiver, atMs }) => `${deliveryId} ${receiver} ${atMs}`,
  );
  for (const [, changes] of requests) {
    const [first] = changes;
    if (first === undefined) continue;
    const told = new Set(changes.map(({ decisionId }) => decisionId));
    const before = decisions.get(first.deliveryId) ?? told;
    decisions.set(first.deliveryId, before);
    if (before.symmetricDifference(told).size > 0)
      violations.push(`delivery ${first.deliveryId} changed its content`);
    if ((receivers.get(first.deliveryId) ?? first.receiver) !== first.receiver)
      violations.push(`delivery ${first.deliveryId} went to two receivers`);
    receivers.set(first.deliveryId, first.receiver);
    const content = `${first.receiver} ${[...told].sort().join(" ")}`;
    const id = ids.get(content) ?? first.deliveryId;
    ids.set(content, id);
    if (id !== first.deliveryId) violations.push(`${first.receiver} got the same under another id`);
  }
  return violations;
};

/** Observing means that nothing leaves. */
const checkObserving = (aftermath: Aftermath): string[] =>
  aftermath.arrivals
    .filter(({ atMs }) => policiesAt(aftermath, atMs).every(({ mode }) => mode === "observe"))
    .map(({ receiver, tag }) => `${receiver} was told of ${tag} while Sluice only observed`);

/** Who said 410 gets nothing more until a person enables it; with one request at a time not even what was under way. */
const checkGone = ({ world, records, arrivals, writtenAtMs }: Aftermath): string[] => {
  const slackMs = world.policies.every(({ handling }) => handling.concurrency === 1) ? 0 : SENT_MS;
  return records
    .filter((record) => record.kind === "attempt" && record.outcome === "gone")
    .flatMap((gone) =>
      arrivals
        .filter(
          (one) =>
            "receiver" in gone && one.receiver === gone.receiver && one.atMs > writtenAtMs(gone) + slackMs,
        )
        .map(({ receiver, decisionId }) => `${receiver} was told of ${decisionId} after it said 410`),
    );
};

/** Of two requests for one object the later one leaves when the other has arrived: the network might swap them. */
const checkApart = ({ requests }: Aftermath): string[] => {
  const arrivedAtMs = new Map<string, number>();
  const violations: string[] = [];
  for (const request of requests.toSorted((a, b) => a.leftAtMs - b.leftAtMs)) {
    for (const object of request.objects) {
      const key = `${request.receiver} ${object}`;
      const before = arrivedAtMs.get(key) ?? 0;
      if (request.leftAtMs < before)
        violations.push(`two requests at once for ${object} at ${request.receiver}`);
      arrivedAtMs.set(key, Math.max(before, request.arrivedAtMs));
    }
  }
  return violations;
};

/** A newer decision takes the place of an older one that has not left, whether or not anybody is told of the newer one. */
const checkSuperseded = ({ records, arrivals, writtenAtMs }: Aftermath): string[] => {
  const notified = records.filter((record) => record.kind === "decision" && record.outcome === "notify");
  const decided = new Map(notified.map((record) => [record.decisionId, record]));
  const bySubscription = Map.groupBy(notified, ({ subscription }) => subscription);
  return arrivals
    .filter(({ decisionId, atMs }) => {
      const told = decided.get(decisionId);
      const decisions = told === undefined ? [] : (bySubscription.get(told.subscription) ?? []);
      return decisions.some(
        (one) => one.sequence > (told?.sequence ?? 0) && atMs > writtenAtMs(one) + SENT_MS,
      );
    })
    .map(({ receiver, tag }) => `${receiver} was told of ${tag}, which was superseded`);
};

/** Nobody hears of an object that every policy of that time suspends or leaves out. */
const checkWanted = (aftermath: Aftermath): string[] =>
  aftermath.arrivals
    .filter(({ receiver, object, atMs }) =>
      policiesAt(aftermath, atMs).every(({ subscriptions }) =>
        subscriptions
          .filter(
            ({ cluster, target }) => receiver.startsWith(`${cluster}/`) && object.endsWith(`/${target.name}`),
          )
          .every(({ suspended }) => suspended),
      ),
    )
    .map(({ receiver, object }) => `${receiver} was told of ${object}, which is suspended or gone`);

/** Of two workers that met, each may count the poke it made as the first. */
const RACING_POKES = 2;

/** What the clusters do not confirm is poked again, and not for ever. */
const checkRepokes = ({ records, repokes }: Aftermath): string[] => {
  const accepted = records.filter((record) => record.kind === "attempt" && record.next === "accepted");
  const pokes = Map.groupBy(
    accepted,
    (record) => `${record.decisionId} ${"receiver" in record ? record.receiver : ""}`,
  );
  return [...pokes]
    .filter(([, { length }]) => length > 1 + repokes + RACING_POKES)
    .map(([what, { length }]) => `${what} was poked ${length} times`);
};

/** Told only what is decided: each change that arrives has its record. */
const checkRecorded = (aftermath: Aftermath): string[] =>
  aftermath.world.policy().subscriptions.flatMap((subscription) => {
    const notified = new Set(
      decisionsOf(aftermath, subscription.id)
        .filter(({ outcome }) => outcome === "notify")
        .map(({ decisionId }) => decisionId),
    );
    return arrivalsFor(aftermath, subscription)
      .filter(({ decisionId }) => !notified.has(decisionId))
      .map(({ tag }) => `${subscription.id} was told of ${tag} without a decision`);
  });

/** What must hold at the end of every run, whatever happened on the way. */
export const findViolations = async (aftermath: Aftermath): Promise<readonly string[]> => [
  ...checkVerified(aftermath),
  ...checkNothingLost(aftermath),
  ...(await checkSelections(aftermath)),
  ...checkOrder(aftermath),
  ...checkOnce(aftermath),
  ...checkIds(aftermath),
  ...checkObserving(aftermath),
  ...checkGone(aftermath),
  ...checkApart(aftermath),
  ...checkSuperseded(aftermath),
  ...checkWanted(aftermath),
  ...checkRecorded(aftermath),
  ...checkRepokes(aftermath),
  ...aftermath.parked.map((message) => `a message ended as a dead letter: ${message}`),
];
