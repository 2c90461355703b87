import { expect, test } from "vitest";
import { checkConfig } from "../../../shared/config.ts";

// Passwords begin with what they like, and YAML has a meaning for most of it.
test.each([
  "a: !hunter2 x",
  "a: !hunter2",
  "%hunter2\na: 1",
  "a: |hunter2\n  x",
  "a: >-9hunter2\n  x",
  "a: b\n}hunter2",
  "a: &x *hunter2",
  "a: *hunter2",
  'a: "hunter2',
  '- a\n"hunter2": 3\n: hunter2',
  "@hunter2",
  "a: `hunter2`",
])("what is wrong with %j is told without it", (text) => {
  const result = checkConfig(text, { file: "sluice.yaml", baseFolder: "/" });
  expect(result).toMatchObject({ ok: false });
  expect(JSON.stringify(result)).not.toContain("hunter2");
});
