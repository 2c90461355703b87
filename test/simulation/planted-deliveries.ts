import type { PlantedBug } from "./planted-bugs.ts";
import type { Plant } from "./runtime.ts";

/** Time for another worker between what was due and the request for it, which leaves however late. */
const slowToSend =
  (reads: number): NonNullable<Plant["deps"]> =>
  (deps) => ({
    ...deps,
    async send(delivery, signal) {
      for (let left = deps.random.fraction() * reads; left > 0; left--) await deps.state.load("other");
      return deps.send({ ...delivery, mayLeave: () => true }, signal);
    },
  });

/** In what leaves, and when. */
export const DELIVERY_BUGS: readonly PlantedBug[] = [
  [
    "a lease that keeps nobody off",
    /after something newer/,
    {
      state: (state) => ({ ...state, claim: async () => true }),
      deps: slowToSend(4_000),
    },
  ],
  [
    "a worker that stood still and sends what it looked at before",
    /which was superseded/,
    {
      deps: slowToSend(4_000),
    },
  ],
  [
    "what is observed and takes nothing back",
    /which was superseded/,
    {
      state: (state) => ({
        ...state,
        async commit(subscription, version, { next, records }) {
          const { outbox: before } = await state.load(subscription);
          const outbox = Object.entries(next?.outbox ?? {}).map(([receiver, entry]) => {
            const observed = next?.selection?.observed === true || entry.lastOutcome === "observing";
            return [receiver, observed && entry.state === "withdrawn" ? (before[receiver] ?? entry) : entry];
          });
          const kept = next && { ...next, outbox: Object.fromEntries(outbox) };
          return state.commit(subscription, version, {
            records,
            ...(kept === undefined ? {} : { next: kept }),
          });
        },
      }),
    },
  ],
  [
    "lanes of another number that keep nobody off",
    /two requests at once/,
    {
      state: (state) => ({
        ...state,
        claim: async (key, owner, untilMs) =>
          owner.startsWith("lanes/") || (await state.claim(key, owner, untilMs)),
      }),
      deps: (deps) => ({
        ...deps,
        handlingOf: (receiver) => ({
          ...deps.handlingOf(receiver),
          concurrency: 1 + Math.floor(deps.random.fraction() * 3),
        }),
      }),
    },
  ],
  [
    "a lease that two clocks may disagree on for longer than it lasts",
    /two requests at once|after something newer/,
    { deps: (deps) => ({ ...deps, settings: { ...deps.settings, deliveryLeaseMs: 15_000 } }) },
  ],
  [
    "what was withdrawn and counts as told",
    /was never told that/,
    {
      state: (state) => ({
        ...state,
        commit(subscription, version, { next, records }) {
          const outbox = Object.entries(next?.outbox ?? {}).map(([receiver, entry]) => [
            receiver,
            entry.state === "withdrawn" ? { ...entry, state: "accepted" } : entry,
          ]);
          const told = next && { ...next, outbox: Object.fromEntries(outbox) };
          return state.commit(subscription, version, {
            records,
            ...(told === undefined ? {} : { next: told }),
          });
        },
      }),
    },
  ],
  [
    "objects that are suspended, and told with the others of their receiver",
    /which is suspended or gone/,
    {
      deps: (deps) => ({
        ...deps,
        catalog() {
          const catalog = deps.catalog();
          return {
            ...catalog,
            match: (name) => catalog.match(name).map((one) => ({ ...one, suspended: false })),
            subscription(id) {
              const found = catalog.subscription(id);
              return found && { ...found, suspended: false };
            },
          };
        },
      }),
    },
  ],
  [
    "an attempt that is taken for an acceptance",
    /was never told that/,
    {
      deps: (deps) => ({
        ...deps,
        send: async (delivery, signal) => ({ ...(await deps.send(delivery, signal)), code: "accepted" }),
      }),
    },
  ],
  [
    "pokes without end",
    /was poked \d+ times/,
    {
      deps: (deps) => ({
        ...deps,
        handlingOf: (receiver) => ({
          ...deps.handlingOf(receiver),
          confirmation: { withinMs: 10, repokes: 1_000 },
        }),
      }),
    },
  ],
  [
    "observing that sends",
    /while Sluice only observed/,
    { deps: (deps) => ({ ...deps, settings: { ...deps.settings, mode: "enforce" } }) },
  ],
  [
    "a secret that is mended where it is, and that nobody compares",
    /stays parked for a wrong one/,
    { deps: (deps) => ({ ...deps, secretsOf: async () => undefined }) },
  ],
];
