import { expect, test } from "vitest";
import { relate } from "../../../shared/pipeline/evaluate/relate.ts";
import { compileSelector } from "../../../shared/policy/select.ts";
import type { Version } from "../../../shared/state.ts";
import { digestOf } from "./harness.ts";

const SELECTOR = compileSelector({ kind: "semver", range: "*", dialect: "flux" });
const A = digestOf("a");
const B = digestOf("b");

test.each<[Version | undefined, Version, string]>([
  [undefined, { tag: "1.0.0", digest: A }, "newer"],
  [{ tag: "1.0.0", digest: A }, { tag: "1.0.0", digest: A }, "same"],
  [{ tag: "1.0.0", digest: A }, { tag: "1.0.0", digest: B }, "newer"],
  [{ tag: "1.0.0", digest: A }, { tag: "1.0.1", digest: A }, "newer"],
  [{ tag: "1.0.0", digest: A }, { tag: "0.9.0", digest: B }, "older"],
  [{ tag: "1.0.0+a", digest: A }, { tag: "1.0.0+b", digest: B }, "tie"],
  [{ digest: A }, { digest: A }, "same"],
  [{ digest: A }, { digest: B }, "newer"],
  [{ digest: A }, { tag: "1.0.0", digest: A }, "newer"],
])("to %j, %j is %s", (current, version, relation) => {
  expect(relate(SELECTOR, current, version)).toBe(relation);
});
