import fc from "fast-check";
import { expect, test } from "vitest";
import { parseHttpDate, parseRfc3339, toRfc3339 } from "../../shared/civil-time.ts";
import { MAX_RETRY_AFTER_MS, parseRetryAfter } from "../../shared/delivery/schedule.ts";

const timeMs = fc.integer({ min: Date.UTC(1, 0, 1), max: Date.UTC(9999, 11, 31) });

test("times are written and read as Date does", () => {
  fc.assert(
    fc.property(timeMs, (ms) => {
      const text = toRfc3339(ms);
      const year = new Date(ms).getUTCFullYear();
      fc.pre(year >= 100); // Date.UTC reads years below 100 as 19xx
      expect(text).toBe(new Date(ms).toISOString());
      expect(parseRfc3339(text)).toBe(ms);
      expect(parseHttpDate(new Date(ms).toUTCString())).toBe(Math.floor(ms / 1000) * 1000);
    }),
  );
});

test("no Retry-After ever throws, and none asks for more than the cap", () => {
  fc.assert(
    fc.property(fc.string(), timeMs, (text, nowMs) => {
      const waitMs = parseRetryAfter(text, nowMs) ?? 0;
      expect(waitMs).toBeGreaterThanOrEqual(0);
      expect(waitMs).toBeLessThanOrEqual(MAX_RETRY_AFTER_MS);
    }),
  );
});
