import { createMemoryQueue } from "../simulation/memory-queue.ts";
import { createMemoryState } from "../simulation/memory-state.ts";
import { describeStateStore } from "./state-store.suite.ts";
import { describeWorkQueue } from "./work-queue.suite.ts";

const createClock = () => {
  let nowMs = 1_700_000_000_000;
  return {
    nowMs: () => nowMs,
    advance: async (ms: number) => {
      nowMs += ms;
    },
  };
};

describeWorkQueue("memory (simulation)", async () => {
  const clock = createClock();
  return { queue: createMemoryQueue(clock), advance: clock.advance, close: async () => {} };
});

describeStateStore("memory (simulation)", async () => {
  const clock = createClock();
  return {
    state: createMemoryState(clock),
    advance: clock.advance,
    nowMs: clock.nowMs,
    close: async () => {},
  };
});
