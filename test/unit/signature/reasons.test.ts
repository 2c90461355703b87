import { describe, expect, test } from "vitest";
import { combine, refused } from "../../../shared/signature/finding.ts";
import { inOrder } from "../../../shared/signature/in-order.ts";
import { createLru } from "../../../shared/signature/lru.ts";
import { furthest, REASONS, type Reason } from "../../../shared/signature/reasons.ts";
import { Refusal, refuse, refuseAs, toReason } from "../../../shared/signature/refusal.ts";

describe("reasons", () => {
  test.each(Object.entries(REASONS))("%s is a stable code with a sentence", (code, sentence) => {
    expect(code).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(sentence).toMatch(/^[A-Z].*\.$/);
  });

  test.each([
    ["unsigned", "evidence-malformed", "evidence-malformed"],
    ["signature-invalid", "identity-mismatch", "signature-invalid"],
    ["certificate-expired", "notation-unsupported", "certificate-expired"],
    ["log-entry-mismatch", "log-entry-mismatch", "log-entry-mismatch"],
  ] as const)("of %s and %s, %s got further", (a, b, expected) => {
    expect(furthest(a, b)).toBe(expected);
    expect(furthest(b, a)).toBe(expected);
  });

  test("one verified finding is enough, wherever it stands", () => {
    const verified = { verified: true, keyId: "k" } as const;
    expect(combine([refused("signature-invalid"), verified], "unsigned")).toBe(verified);
    expect(combine([refused("unsigned"), refused("set-invalid")], "unsigned")).toEqual(
      refused("set-invalid"),
    );
    expect(combine([], "unsigned")).toEqual(refused("unsigned"));
  });
});

describe("refusals", () => {
  const outcome = (run: () => unknown): Reason => {
    try {
      run();
      return "unsigned";
    } catch (error) {
      return toReason(error);
    }
  };

  test("anything else that is thrown is not verified either", () => {
    expect(toReason(new TypeError("a bug"))).toBe("verification-failed");
    expect(toReason(undefined)).toBe("verification-failed");
    expect(toReason(new Refusal("set-invalid", "x"))).toBe("set-invalid");
  });

  test("a reader's general complaint is given its place, a particular one keeps its own", () => {
    const malformed = () => refuse("evidence-malformed", "x");
    const particular = () => refuse("limit-exceeded", "x");
    expect(outcome(() => refuseAs("checkpoint-malformed", malformed))).toBe("checkpoint-malformed");
    expect(outcome(() => refuseAs("checkpoint-malformed", particular))).toBe("limit-exceeded");
    expect(() =>
      refuseAs("checkpoint-malformed", () => {
        throw new RangeError("a bug");
      }),
    ).toThrow(RangeError);
  });
});

describe("checks that overlap", () => {
  const later = async (reason: Reason, turns: number): Promise<never> => {
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    return refuse(reason, "x");
  };

  test.each([
    [10, 0],
    [0, 10],
    [0, 0],
  ])("fail as the first in order, after %i and %i turns", async (first, second) => {
    await expect(inOrder([later("set-invalid", first), later("sct-invalid", second)])).rejects.toMatchObject({
      reason: "set-invalid",
    });
  });

  test("answer in order", async () => {
    expect(await inOrder([Promise.resolve(1), 2, Promise.resolve("3")])).toEqual([1, 2, "3"]);
  });
});

test("a cache forgets what was used longest ago", () => {
  const cache = createLru<number>(2);
  cache.set("a", 1);
  cache.set("b", 2);
  cache.get("a");
  cache.set("c", 3);
  expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([1, undefined, 3]);
  cache.set("c", 4);
  expect([cache.get("a"), cache.get("c")]).toEqual([1, 4]);
});
