import { expect } from "vitest";
import { type OutcomeCode, unsent } from "../../../shared/delivery/outcomes.ts";
import { PipelineError } from "../../../shared/errors.ts";
import { type FeedSettings, loadFeed, openFeeds } from "../../../shared/pipeline/deliver/feed.ts";
import { tellFeed } from "../../../shared/pipeline/deliver/tell.ts";
import type { DecisionOutcome, DecisionRecord } from "../../../shared/state.ts";
import { createMemoryQueue } from "../../simulation/memory-queue.ts";
import { createMemoryState } from "../../simulation/memory-state.ts";
import { digestOf, START_MS } from "./harness.ts";

export const PAGER = { id: "endpoint/pager", name: "pager", type: "endpoint" } as const;
interface Told {
  readonly id: string;
  readonly decision: { readonly id: string; readonly outcome: string; readonly repository: string };
}

/** One endpoint and a log of decisions; time passes, and decisions are taken, as a test says. */
export const createFeedWorld = (outcomes: readonly DecisionOutcome[] = ["reject", "wait"]) => {
  let nowMs = START_MS;
  const clock = { nowMs: () => nowMs };
  const state = createMemoryState(clock);
  const world = {
    answers: (_record: string): OutcomeCode => "accepted",
    configuration: "c1",
    secrets: "s1" as string | undefined,
    intervalMs: 0,
    duringSend: async (): Promise<void> => {},
    failSaves: 0,
  };
  const requests: Told[] = [];
  const log: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[] = [];
  const deps = {
    clock,
    random: { fraction: () => 0.5 },
    state: {
      ...state,
      async saveDocument(key: string, version: number, value: unknown) {
        if (key.startsWith("feed/") && world.failSaves > 0) {
          world.failSaves -= 1;
          throw new PipelineError("planted", { code: "STATE_UNAVAILABLE" });
        }
        return state.saveDocument(key, version, value);
      },
    },
    handlingOf: () => ({
      configuration: world.configuration,
      concurrency: 1,
      intervalMs: world.intervalMs,
    }),
    secretsOf: async () => world.secrets,
    log: (event: string, fields: Readonly<Record<string, unknown>>) => void log.push({ event, fields }),
    queue: createMemoryQueue(clock),
    async send({ body }: { readonly body: { readonly id: string; readonly bytes: Uint8Array } }) {
      const told = JSON.parse(new TextDecoder().decode(body.bytes)) as Told;
      expect(told.id).toBe(body.id);
      requests.push(told);
      await world.duringSend();
      return {
        ...unsent(world.answers(told.decision.id), 5),
        requests: 1,
        secrets: world.secrets ?? "unusable",
      };
    },
  };
  const settings: FeedSettings = { receiver: PAGER, outcomes, hears: () => true };
  let count = 0;
  const decide = async (outcome: DecisionOutcome, subscription = "c/OCIRepository/apps/app") => {
    const record: DecisionRecord = {
      kind: "decision",
      id: `r${++count}`,
      decisionId: `d${count}`,
      atMs: nowMs,
      subscription,
      repository: { registry: "ghcr.io", repository: "acme/app" },
      tag: `1.${count}.0`,
      digest: digestOf(`${count}`),
      outcome,
      reason: outcome === "reject" ? "unsigned" : "x",
      catalogVersion: "c1",
      facts: {},
    };
    await state.commit(subscription, 0, { records: [record] });
    return record.id;
  };
  return {
    world,
    deps,
    state,
    settings,
    requests,
    log,
    decide,
    open: (feeds: readonly FeedSettings[] = [settings]) => openFeeds(deps, feeds),
    tell: (feed: FeedSettings = settings) => tellFeed(deps, feed, new AbortController().signal),
    heard: () => requests.map(({ decision }) => decision.id),
    pass(ms: number) {
      nowMs += ms;
    },
    nowMs: () => nowMs,
    feed: async () => (await loadFeed({ state }, PAGER.id))?.feed,
  };
};
