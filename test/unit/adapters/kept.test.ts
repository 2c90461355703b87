import { expect, test } from "vitest";
import { type Fresh, keepFresh, ofLife } from "../../../shared/adapters/remote/kept.ts";
import { PipelineError } from "../../../shared/errors.ts";

const HOUR_MS = 3_600_000;

const open = (ask: (key: string, count: number) => Promise<Fresh<string>>, timeoutMs?: number) => {
  const clock = { nowMs: 0, asked: 0 };
  const read = keepFresh<string>({
    nowMs: () => clock.nowMs,
    ask: (key) => {
      clock.asked += 1;
      return ask(key, clock.asked);
    },
    failure: (key, cause) => new PipelineError(`${key}: none`, { code: "SECRET_UNAVAILABLE", cause }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  return { clock, read };
};

test("a request that never ends has an end of its own, and the next who asks begins anew", async () => {
  const answers = [new Promise<Fresh<string>>(() => {}), Promise.resolve({ value: "there", keepMs: 1 })];
  const { read } = open((_key, count) => answers[count - 1] ?? Promise.reject(), 20);
  await expect(read("k")).rejects.toMatchObject({ code: "SECRET_UNAVAILABLE", message: "k: none" });
  expect(await read("k")).toBe("there");
});

test("many keys do not fill the memory: the oldest is asked for again", async () => {
  const { clock, read } = open(async (key) => ({ value: key, keepMs: HOUR_MS }));
  for (let key = 0; key <= 1_000; key++) await read(`${key}`);
  await read("1000");
  expect(clock.asked).toBe(1_001);
  await read("0");
  expect(clock.asked).toBe(1_002);
});

test.each([
  ["an hour", HOUR_MS, 0.8 * HOUR_MS],
  ["longer than any token lives", Number.POSITIVE_INFINITY, 0.8 * 24 * HOUR_MS],
])("of %s, 80 % are used", (_what, lifeMs, usedMs) => {
  expect(ofLife(lifeMs)).toBeCloseTo(usedMs);
});

test.each([Number.NaN, -1, 0])("what lives for %d is given once and not kept", async (lifeMs) => {
  const { clock, read } = open(async (key) => ({ value: key, keepMs: ofLife(lifeMs) }));
  await read("k");
  await read("k");
  expect(clock.asked).toBe(2);
});
