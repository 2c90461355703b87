import { expect, test } from "vitest";
import { PipelineError } from "../../../shared/errors.ts";
import { retryDelayMs, workOff } from "../../../shared/pipeline/worker.ts";
import type { ReceivedWork, WorkConsumer } from "../../../shared/ports.ts";

const HALF = { fraction: () => 0.5 };

test.each([
  [1, 750],
  [2, 1_500],
  [5, 12_000],
  [9, 192_000],
  [10, 225_000],
  [299, 225_000],
])("the delay after try %i is %i ms", (receiveCount, delayMs) => {
  expect(retryDelayMs(receiveCount, HALF)).toBe(delayMs);
});

test("the delay is jittered over its upper half", () => {
  expect(retryDelayMs(1, { fraction: () => 0 })).toBe(500);
  expect(retryDelayMs(1, { fraction: () => 0.999 })).toBeLessThanOrEqual(1_000);
});

const workedOff = async (receiveCount: number, failure: unknown) => {
  const settled: string[] = [];
  const logged: string[] = [];
  const consumer: WorkConsumer = {
    receive: async () => [],
    complete: async () => void settled.push("complete"),
    retry: async (_received, delayMs) => void settled.push(`retry ${delayMs}`),
    park: async (_received, reason) => void settled.push(`park ${reason}`),
  };
  const received: ReceivedWork = {
    id: "m",
    work: { kind: "deliver", receiver: "r" },
    receiveCount,
    lease: "l",
  };
  const run = async (): Promise<void> => {
    if (failure !== undefined) throw failure;
  };
  await workOff({ consumer, random: HALF, log: (event) => void logged.push(event), run }, received);
  return [...settled, ...logged];
};

const failWith = (
  code: ConstructorParameters<typeof PipelineError>[1]["code"],
  retryAfterMs?: number,
): PipelineError =>
  new PipelineError("why", { code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });

test.each([
  [1, undefined, ["complete"]],
  [1, failWith("STATE_UNAVAILABLE"), ["retry 750", "work-retried"]],
  [1, new TypeError("our bug"), ["retry 750", "work-retried"]],
  [1, "not an error", ["retry 750", "work-retried"]],
  [1, failWith("WORK_MALFORMED"), ["park WORK_MALFORMED: why", "work-parked"]],
  [1, failWith("MANIFEST_INVALID"), ["complete", "work-dropped"]],
  // The other side's word on when to come back counts, in both directions, but not for ever.
  [1, failWith("REGISTRY_UNAVAILABLE", 60_000), ["retry 60000", "work-retried"]],
  [10, failWith("REGISTRY_BEHIND_EVENT", 100), ["retry 100", "work-retried"]],
  [20, failWith("REGISTRY_BEHIND_EVENT", 100), ["retry 100", "work-retried"]],
  [21, failWith("REGISTRY_BEHIND_EVENT", 100), ["retry 225000", "work-retried"]],
  [21, failWith("REGISTRY_UNAVAILABLE", 900_000), ["retry 900000", "work-retried"]],
  [299, failWith("REGISTRY_DENIED"), ["retry 225000", "work-retried"]],
  [300, failWith("REGISTRY_DENIED"), ["park gave up after 300 tries: why", "work-parked"]],
])("try %i that ends in %s", async (receiveCount, failure, expected) => {
  expect(await workedOff(receiveCount, failure)).toEqual(expected);
});
