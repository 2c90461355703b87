import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { createJsonLog } from "../../../functions/wiring/json-log.ts";

test("lines of one turn leave in one write, in order, and nothing leaves twice", async () => {
  const writes: string[] = [];
  const log = createJsonLog(
    (lines) => writes.push(lines),
    () => 0,
  );
  log("attempt", { tag: "1.0.0" });
  log("decision", { reason: "two\nlines" });
  expect(writes).toEqual([]);
  await nextTurn();
  log("confirmed", {});
  await nextTurn();
  await nextTurn();
  expect(writes).toEqual([
    '{"time":"1970-01-01T00:00:00.000Z","event":"attempt","tag":"1.0.0"}\n{"time":"1970-01-01T00:00:00.000Z","event":"decision","reason":"two\\nlines"}\n',
    '{"time":"1970-01-01T00:00:00.000Z","event":"confirmed"}\n',
  ]);
});

test("what somebody else named moves no cursor and hides nothing, and still means the same", async () => {
  const object = "app\u009b2K\u202e\u200b\u007f\u2028\ufeff";
  const writes: string[] = [];
  createJsonLog(
    (lines) => writes.push(lines),
    () => 0,
  )("decision", { object });
  await nextTurn();
  const [line = ""] = writes;
  expect(line).toMatch(/^[\x20-\x7e]+\n$/);
  expect(JSON.parse(line)).toMatchObject({ object });
});
