import { describe, expect, test } from "vitest";
import { toReasonAttribute } from "../../../shared/adapters/aws/sqs/dead-letters.ts";
import { toMessageBatches } from "../../../shared/adapters/aws/sqs/send.ts";

const entry = (bytes: number) => ({ MessageBody: "x".repeat(bytes), DelaySeconds: 0 });

describe("batches for SQS", () => {
  test.each([
    ["nothing", [], []],
    ["eleven small ones", Array.from({ length: 11 }, () => entry(1)), [10, 1]],
    ["what fills a request to the byte", [entry(131_072), entry(131_072), entry(1)], [2, 1]],
    ["large ones", [entry(200_000), entry(200_000), entry(10)], [1, 2]],
  ])("%s", (_what, entries, sizes) => {
    expect(toMessageBatches(entries).map(({ length }) => length)).toEqual(sizes);
  });

  test("bytes count, not characters", () => {
    const body = { MessageBody: "ü".repeat(131_072), DelaySeconds: 0 };
    expect(toMessageBatches([body, entry(1)])).toHaveLength(2);
  });

  test("one that no request may carry is refused", () => {
    expect(() => toMessageBatches([entry(262_145)])).toThrow(
      expect.objectContaining({ code: "PUSH_TOO_LARGE" }),
    );
  });
});

test("a dead letter's reason is one line that SQS takes", () => {
  expect(toReasonAttribute("a\nb\u0000c\u009f")).toEqual({ DataType: "String", StringValue: "a b c " });
  expect(toReasonAttribute("x".repeat(5_000)).StringValue).toHaveLength(1_024);
  expect(toReasonAttribute("")).toMatchObject({ StringValue: "unknown" });
});
