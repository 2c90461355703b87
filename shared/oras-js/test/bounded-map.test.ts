import { expect, test } from "vitest";
import { createBoundedMap } from "../authn/bounded-map.ts";

test("forgets what was set longest ago, never what is set now", () => {
  const map = createBoundedMap<number>(2);
  map.set("a", 1);
  map.set("b", 2);
  map.set("a", 3);
  map.set("c", 4);
  expect(["a", "b", "c"].map((key) => map.get(key))).toEqual([3, undefined, 4]);
});
