import { describe, expect } from "vitest";
import type { DecisionBus, DecisionEvent } from "../../shared/state.ts";
import { failureOf, LEAK, type MoodyService } from "./moods.ts";
import { testWith } from "./with-subject.ts";

export interface BusUnderTest {
  readonly bus: DecisionBus;
  /** What arrived so far, in any order. */
  received(): Promise<readonly ReceivedEvent[]>;
  close(): Promise<void>;
}

/** What every bus shows of an event to who listens. */
export type ReceivedEvent = Pick<DecisionEvent, "type" | "detail">;

/** The same over a service whose mood can be set. */
export interface RemoteBusUnderTest extends BusUnderTest {
  readonly service: MoodyService;
}

/** Of one request. */
export interface BusFacts {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

const CODE = "BUS_UNAVAILABLE";
const UNREADABLE = ["rubbish", "empty", "endless"] as const;
const TYPES = ["decision", "delivery", "confirmation"] as const;

const event = (id: string, bytes = 0): DecisionEvent => ({
  id,
  type: TYPES[id.length % TYPES.length] ?? "decision",
  atMs: 1_700_000_000_000,
  detail: { id, repository: "registry.example/ü", padding: "x".repeat(bytes) },
});

const inOrder = (events: readonly ReceivedEvent[]): readonly ReceivedEvent[] =>
  events
    .map(({ type, detail }) => ({ type, detail }))
    .sort((one, other) => String(one.detail.id).localeCompare(String(other.detail.id)));

/** What every bus must do. */
export const describeDecisionBus = (
  name: string,
  { maxEntries, maxBytes }: BusFacts,
  create: () => Promise<BusUnderTest>,
): void => {
  describe(`DecisionBus: ${name}`, () => {
    const run = testWith(create);

    run("brings each event whole, and once, whatever their number", async ({ bus, received }) => {
      const events = Array.from({ length: 2 * maxEntries + 1 }, (_, at) => event(`e${at}`));
      await bus.publish(events);
      expect(inOrder(await received())).toEqual(inOrder(events));
    });

    run("brings events that no single request could carry together", async ({ bus, received }) => {
      const events = ["a", "bb", "ccc"].map((id) => event(id, 0.6 * maxBytes));
      await bus.publish(events);
      expect(inOrder(await received())).toEqual(inOrder(events));
    });

    run("names an event that is too large, and brings the others", async ({ bus, received }) => {
      const small = [event("before"), event("after")];
      const [first, last] = small as [DecisionEvent, DecisionEvent];
      const error = await failureOf(bus.publish([first, event("far-too-large", maxBytes + 1), last]), CODE);
      expect(error.message).toMatch(/far-too-large has \d+ bytes/);
      expect(error.message).not.toMatch(/before|after|xxx/);
      expect(inOrder(await received())).toEqual(inOrder(small));
    });

    run("has nothing to do for nothing", async ({ bus, received }) => {
      await bus.publish([]);
      expect(await received()).toEqual([]);
    });
  });
};

/** What must hold besides over a service whose mood can be set. */
export const describeRemoteBus = (
  name: string,
  facts: BusFacts & {
    /** Not where the status is all that it reads. */
    readonly readsAnswers: boolean;
  },
  create: (timeoutMs: number) => Promise<RemoteBusUnderTest>,
): void => {
  const patient = () => create(20_000);
  describeDecisionBus(name, facts, patient);
  describe(`DecisionBus: ${name}, over the network`, () => {
    const run = testWith(patient);
    const moods = ["denies", "down", "redirects", ...(facts.readsAnswers ? UNREADABLE : [])] as const;

    for (const mood of moods) {
      run(
        `says in one line that the bus is ${mood}, and serves the next`,
        async ({ bus, service, received }) => {
          service.mood = mood;
          const error = await failureOf(bus.publish([event(LEAK)]), CODE);
          expect(error.disposition).toBe("retry");
          expect(service.wasFollowed()).toBe(false);
          service.mood = "well";
          await bus.publish([event("next")]);
          expect((await received()).map(({ detail }) => detail.id)).toContain("next");
        },
      );
    }

    for (const mood of ["silent", ...(facts.readsAnswers ? ["stalled" as const] : [])] as const) {
      testWith(() => create(100))(`ends by itself where the bus is ${mood}`, async ({ bus, service }) => {
        service.mood = mood;
        await failureOf(bus.publish([event("one")]), CODE);
      });
    }

    run("asks nobody for nothing", async ({ bus, service }) => {
      await bus.publish([]);
      expect(service.asked()).toBe(0);
    });
  });
};
