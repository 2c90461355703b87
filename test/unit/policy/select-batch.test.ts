import { describe, expect, test } from "vitest";
import { selectBatchLine } from "../../../shared/policy/select-batch.ts";

const select = (line: object) => selectBatchLine(JSON.stringify({ id: "x", ...line }));

describe("answers", () => {
  test.each<[string, object, object]>([
    [
      "OCIRepository",
      {
        kind: "OCIRepository",
        spec: { url: "oci://a/b", ref: { semver: "1.x" } },
        tags: ["1.0.0", "1.1.0", "2.0.0"],
      },
      { selected: "1.1.0" },
    ],
    ["its default", { kind: "OCIRepository", spec: {}, tags: ["latest"] }, { selected: "latest" }],
    [
      "a digest",
      { kind: "OCIRepository", spec: { ref: { digest: `sha256:${"0".repeat(64)}` } }, tags: [] },
      { selected: `sha256:${"0".repeat(64)}` },
    ],
    [
      "HelmChart",
      { kind: "HelmChart", spec: { chart: "a", version: ">=1" }, tags: ["1.0.0_b", "v2.0.0"] },
      { selected: "1.0.0_b" },
    ],
    [
      "ImagePolicy",
      { kind: "ImagePolicy", spec: { policy: { numerical: {} } }, tags: ["2", "10"] },
      { selected: "10" },
    ],
    [
      "exclusions",
      {
        kind: "ImagePolicy",
        spec: { policy: { alphabetical: {} } },
        tags: ["a", "z.sig"],
        exclusionList: ["\\.sig$"],
      },
      { selected: "a" },
    ],
    [
      "a tie",
      { kind: "OCIRepository", spec: { ref: { semver: "*" } }, tags: ["1.0.0", "v1.0.0"], current: "v1.0.0" },
      { selected: "v1.0.0", ties: ["1.0.0", "v1.0.0"] },
    ],
    ["nothing", { kind: "OCIRepository", spec: { ref: { semver: "*" } }, tags: [] }, { error: "no-match" }],
    [
      "a tag that is gone",
      { kind: "OCIRepository", spec: { ref: { tag: "a" } }, tags: ["b"] },
      { error: "tag-absent" },
    ],
    ["a bad range", { kind: "HelmChart", spec: { version: "bogus" }, tags: [] }, { error: "range-invalid" }],
    [
      "a bad filter",
      { kind: "OCIRepository", spec: { ref: { semver: "*", semverFilter: "(" } }, tags: [] },
      { error: "filter-invalid" },
    ],
    [
      "not a number",
      { kind: "ImagePolicy", spec: { policy: { numerical: {} } }, tags: ["a"] },
      { error: "not-a-number" },
    ],
    ["no policy", { kind: "ImagePolicy", spec: { policy: {} }, tags: [] }, { error: "spec-invalid" }],
    [
      "a spec of another shape",
      { kind: "OCIRepository", spec: { ref: "x" }, tags: [] },
      { error: "spec-invalid" },
    ],
    ["no spec", { kind: "OCIRepository", tags: [] }, { error: "line-invalid" }],
    ["an unknown kind", { kind: "Bucket", spec: {}, tags: [] }, { error: "line-invalid" }],
    ["tags that are no text", { kind: "OCIRepository", spec: {}, tags: [1] }, { error: "line-invalid" }],
  ])("%s", (_, line, expected) => {
    expect(select(line)).toMatchObject({ id: "x", ...expected });
  });

  test.each(["", "{", "null", "[]", "7", '"x"'])("%j is answered as a line that is none", (text) => {
    expect(selectBatchLine(text)).toMatchObject({ id: null, error: "line-invalid" });
  });
});
