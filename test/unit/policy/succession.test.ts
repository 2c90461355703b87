import { describe, expect, test } from "vitest";
import { MAX_AHEAD_MS, refuseSuccessor } from "../../../shared/policy/catalog/succession.ts";

const NOW_MS = 1_790_000_000_000;
const inUse = { version: "a", madeAtMs: NOW_MS - 1_000 };

describe("policy that is to follow the one in use", () => {
  test.each<[string, { version: string; madeAtMs: number }, typeof inUse | undefined, RegExp | undefined]>([
    ["the first one", { version: "b", madeAtMs: 0 }, undefined, undefined],
    ["a newer one", { version: "b", madeAtMs: NOW_MS }, inUse, undefined],
    ["an older one", { version: "b", madeAtMs: NOW_MS - 1_001 }, inUse, /older than the one in use/],
    ["one of the same moment", { version: "b", madeAtMs: NOW_MS - 1_000 }, inUse, undefined],
    ["the same policy, made earlier", { version: "a", madeAtMs: 0 }, inUse, undefined],
    ["a clock a little ahead", { version: "b", madeAtMs: NOW_MS + MAX_AHEAD_MS }, inUse, undefined],
    [
      "one from the future",
      { version: "b", madeAtMs: NOW_MS + MAX_AHEAD_MS + 1 },
      inUse,
      /ahead of this clock/,
    ],
    ["even as the first one", { version: "b", madeAtMs: 4e15 }, undefined, /ahead of this clock/],
    ["even the same policy", { version: "a", madeAtMs: 4e15 }, inUse, /ahead of this clock/],
  ])("%s", (_, next, before, refusal) => {
    const problem = refuseSuccessor(next, before, NOW_MS);
    if (refusal === undefined) expect(problem).toBeUndefined();
    else expect(problem).toMatch(refusal);
  });
});
