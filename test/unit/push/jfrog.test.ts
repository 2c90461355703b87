import { describe, expect, test } from "vitest";
import { optionsWith, requestOf, sourceNamed } from "./event-fixtures.ts";

const HEX = "ab".repeat(32);
const IMAGE = {
  repo_key: "docker-local",
  path: "team/app/1.2.0/manifest.json",
  image_name: "app",
  tag: "1.2.0",
  sha256: HEX,
};

const parse = (data: Record<string, unknown>, event: Record<string, unknown> = {}) => {
  const body = {
    domain: "docker",
    event_type: "pushed",
    jpd_origin: "https://acme.jfrog.io/artifactory",
    ...event,
  };
  const request = requestOf(JSON.stringify({ ...body, data: { ...IMAGE, ...data } }));
  return sourceNamed("jfrog").parse(request, optionsWith());
};

describe("Artifactory's image", () => {
  test.each([
    {
      of: "is the folder above the tag's, whatever its name says",
      data: {},
      repository: "docker-local/team/app",
    },
    {
      of: "is its name where the path has no folder for it",
      data: { path: "1.2.0/manifest.json" },
      repository: "docker-local/app",
    },
    { of: "is its name where there is no path", data: { path: undefined }, repository: "docker-local/app" },
  ])("$of", ({ data, repository }) => {
    expect(parse(data)).toEqual([
      {
        source: "jfrog",
        kind: "artifact",
        registry: "acme.jfrog.io",
        repository,
        tag: "1.2.0",
        digest: `sha256:${HEX}`,
      },
    ]);
  });

  test.each([{ image_name: undefined }, { image_name: "" }, { image_name: null }])(
    "has no name but the path: %j is malformed without one",
    (data) => {
      expect(() => parse({ path: undefined, ...data })).toThrow(
        expect.objectContaining({ code: "PUSH_MALFORMED", message: expect.stringContaining("data.path") }),
      );
    },
  );

  test.each([{ sha256: undefined }, { sha256: null }, { sha256: HEX.toUpperCase() }, { sha256: `${HEX}0` }])(
    "has no digest by %j; the registry is asked",
    (data) => {
      expect(parse(data)[0]).not.toHaveProperty("digest");
    },
  );

  test.each([{ jpd_origin: undefined }, { jpd_origin: null }, { jpd_origin: "acme" }])(
    "is on no known host by %j",
    (event) => {
      expect(parse({}, event)[0]).not.toHaveProperty("registry");
    },
  );

  test.each([
    [{ event_type: "deleted" }, "delete"],
    [{ event_type: "scanned" }, "unknown-action"],
    [{ domain: "artifact" }, "not-container"],
  ])("%j asks for no work", (event, reason) => {
    expect(parse({}, event)).toEqual([{ source: "jfrog", kind: "ignored", reason }]);
  });
});
