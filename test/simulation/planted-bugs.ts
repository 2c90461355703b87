import type { Digest } from "../../shared/artifact/digest.ts";
import type { PipelineDeps } from "../../shared/pipeline/deps.ts";
import type { Verification } from "../../shared/ports.ts";
import type { Plant } from "./runtime.ts";

/** What it is, what the checks must say of it, and how it is planted. */
export type PlantedBug = readonly [name: string, expected: RegExp, plant: Plant];

const VERIFIED: Verification = {
  strict: { verified: true },
  parity: { verified: true },
  differences: [],
  evidence: [],
};

/** The queue of a machine that loses power whenever it has hinted. */
const withoutHints: NonNullable<Plant["queue"]> = (queue) => ({
  ...queue,
  send: (messages) =>
    queue.send(messages.filter(({ work }) => work.kind !== "deliver" && work.kind !== "evaluate")),
});

/** Only what the sweep for due work asks for gets through, and what that asks for in turn. */
export const withoutFreshHints: NonNullable<Plant["queue"]> = (queue) => ({
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

/** In what comes in and what is decided. */
export const BUGS: readonly PlantedBug[] = [
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
    "a tag that is taken to name for ever what it named once",
    /Flux at/,
    {
      deps: (deps) => ({
        ...deps,
        registry: {
          ...deps.registry,
          async resolveTag(name, tag, signal) {
            const key = `planted/${name.repository}:${tag}`;
            const known = await deps.state.loadDocument(key);
            if (known !== undefined) return known.value as Digest;
            const digest = await deps.registry.resolveTag(name, tag, signal);
            if (digest !== undefined) await deps.state.saveDocument(key, 0, digest);
            return digest;
          },
        },
      }),
    },
  ],
  [
    "rules that are tightened, and not for what is due",
    /unverified .* was delivered/,
    {
      deps: (deps) => ({
        ...deps,
        requirementOf: (subscription) => ({ kind: "rules", rules: subscription.rules.slice(0, 1) }),
      }),
    },
  ],
  [
    "due work that nobody hears of and nobody looks for",
    /was never told that/,
    { queue: withoutHints, state: (state) => ({ ...state, dueReceivers: async () => [] }) },
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
