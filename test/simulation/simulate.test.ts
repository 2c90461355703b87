import { describe, expect, test } from "vitest";
import type { PipelineDeps } from "../../shared/pipeline/deps.ts";
import type { Verification } from "../../shared/ports.ts";
import type { Plant } from "./runtime.ts";
import { simulate } from "./simulate.ts";

const MOST_SEEDS = 200;

/** The violations that a planted bug causes in the first seed that shows one matching `expected`. */
const violationsOf = async (plant: Plant, expected: RegExp): Promise<string> => {
  const others: string[] = [];
  for (let seed = 1; seed <= MOST_SEEDS; seed++) {
    const violations = (await simulate(seed, plant)).violations.join("\n");
    if (expected.test(violations)) return violations;
    others.push(violations);
  }
  return others.join("\n");
};

const VERIFIED: Verification = {
  strict: { verified: true },
  parity: { verified: true },
  differences: [],
  evidence: [],
};

/** The queue of a machine that loses power whenever it has hinted. */
const withoutHints: Plant["queue"] = (queue) => ({
  ...queue,
  send: (messages) =>
    queue.send(messages.filter(({ work }) => work.kind !== "deliver" && work.kind !== "evaluate")),
});

/** Only what the sweep for due work asks for gets through, and what that asks for in turn. */
const withoutFreshHints: Plant["queue"] = (queue) => ({
  ...queue,
  send: (messages) =>
    queue.send(
      messages.filter(
        ({ id, work }) =>
          (work.kind !== "deliver" && work.kind !== "evaluate") || /\/(sweep|listing)/.test(id),
      ),
    ),
});

const onFirstPolicy = (): NonNullable<Plant["deps"]> => {
  let first: ReturnType<PipelineDeps["catalog"]> | undefined;
  return (deps) => {
    first ??= deps.catalog();
    const catalog = first;
    return { ...deps, catalog: () => catalog };
  };
};

/** Takes as long as up to so many reads. */
const waste = async ({ random, state }: PipelineDeps, reads: number): Promise<void> => {
  for (let left = random.fraction() * reads; left > 0; left--) await state.load("other");
};

const BUGS: readonly (readonly [name: string, expected: RegExp, plant: Plant])[] = [
  [
    "an answer before the commit",
    /got a 2xx, and no final decision/,
    {
      queue: (queue) => ({
        ...queue,
        send: async (messages) => {
          queue.send(messages).catch(() => {});
        },
      }),
    },
  ],
  [
    "a delivery before the verdict",
    /unverified .* was delivered/,
    {
      verifier: (verifier) => ({
        verify: async (artifact, rule, signal) => {
          verifier.verify(artifact, rule, signal).catch(() => {});
          return VERIFIED;
        },
      }),
    },
  ],
  [
    "one rule of two that counts for both",
    /unverified .* was delivered/,
    {
      verifier: (verifier) => ({
        verify: (of, rule, signal) => verifier.verify(of, { ...rule, id: "r1" }, signal),
      }),
    },
  ],
  [
    "a refusal that is remembered",
    /still rejects .*, which is verified/,
    {
      verifier: (verifier) => {
        const known = new Map<string, Verification>();
        return {
          async verify(artifact, rule, signal) {
            const key = `${artifact.digest} ${rule.id}`;
            const verification = known.get(key) ?? (await verifier.verify(artifact, rule, signal));
            known.set(key, verification);
            return verification;
          },
        };
      },
    },
  ],
  [
    "completed work that was not done",
    /no final decision|Flux at/,
    { queue: (queue) => ({ ...queue, retry: (received) => queue.complete(received) }) },
  ],
  [
    "trouble that passes and yet parks the message",
    /dead letter/,
    { queue: (queue) => ({ ...queue, retry: (received) => queue.park(received, "planted") }) },
  ],
  [
    "a write that ignores who wrote before",
    /./,
    {
      state: (state) => ({
        ...state,
        commit: async (subscription, _version, change) => {
          // The longer it takes, the likelier it is that somebody else writes meanwhile.
          for (let reads = 0; reads < 20; reads++) await state.load(subscription);
          const { version } = await state.load(subscription);
          const next = change.next && { ...change.next, version: version + 1 };
          return state.commit(subscription, version, { ...change, ...(next === undefined ? {} : { next }) });
        },
      }),
    },
  ],
  [
    "a lease that keeps nobody off",
    /after something newer/,
    {
      state: (state) => ({ ...state, claim: async () => true }),
      deps: (deps) => ({
        ...deps,
        async send(delivery, signal) {
          // Time for another worker between what was due and the request for it.
          await waste(deps, 2_000);
          return deps.send({ ...delivery, mayLeave: () => true }, signal);
        },
      }),
    },
  ],
  [
    "a worker that stood still and sends what it looked at before",
    /which was superseded/,
    {
      deps: (deps) => ({
        ...deps,
        async send(delivery, signal) {
          await waste(deps, 2_000);
          return deps.send({ ...delivery, mayLeave: () => true }, signal);
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
    "due work that nobody hears of and nobody looks for",
    /was never told that/,
    { queue: withoutHints, state: (state) => ({ ...state, dueReceivers: async () => [] }) },
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
    "events taken for old ones after the first look",
    /for something that was there before/,
    {
      queue: (queue) => ({
        ...queue,
        send: (messages) =>
          queue.send(
            messages.map((message) =>
              message.work.kind === "push"
                ? {
                    ...message,
                    work: { ...message.work, receivedAtMs: message.work.receivedAtMs + 3_600_000 },
                  }
                : message,
            ),
          ),
      }),
    },
  ],
  [
    "every version taken for a newer one",
    /went back from .* by itself|Flux at/,
    {
      deps: (deps) => ({
        ...deps,
        selectorOf: (selector) => ({ ...deps.selectorOf(selector), compare: () => 1 }),
      }),
    },
  ],
  [
    "observing that sends",
    /while Sluice only observed/,
    { deps: (deps) => ({ ...deps, settings: { ...deps.settings, mode: "enforce" } }) },
  ],
  [
    "policy that is read once and never again",
    /Flux at|was never told|was delivered|without a decision/,
    { deps: onFirstPolicy() },
  ],
  [
    "a decision with a new name each time",
    /decided twice|without a decision/,
    {
      state: (state) => ({
        ...state,
        commit: (subscription, version, { records, ...change }) =>
          state.commit(subscription, version, {
            ...change,
            records: records.map((record) => ({ ...record, decisionId: `${record.decisionId} ${version}` })),
          }),
      }),
    },
  ],
];

describe("the simulator", () => {
  test("replays a seed exactly", async () => {
    expect(await simulate(7)).toEqual(await simulate(7));
    expect(await simulate(7)).not.toEqual(await simulate(8));
  });

  test("finds nothing where all hints are lost: state says what is due", async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { violations } = await simulate(seed, { queue: withoutFreshHints });
      expect(violations).toEqual([]);
    }
  });

  test.each(BUGS)("finds %s", { timeout: 120_000 }, async (_name, expected, plant) => {
    expect(await violationsOf(plant, expected)).toMatch(expected);
  });
});
