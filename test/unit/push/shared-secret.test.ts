import { describe, expect, test } from "vitest";
import { authenticateAddress, authenticateHeader } from "../../../shared/push/shared-secret.ts";
import { optionsWith, requestOf } from "./event-fixtures.ts";

const basic = (credentials: string): string => `Basic ${Buffer.from(credentials).toString("base64")}`;

describe("a secret in a header", () => {
  test.each([
    { shows: "bearer token, the token configured", value: "Bearer old-one", secrets: ["old-one"] },
    {
      shows: "bearer token, the whole value configured",
      value: "Bearer old-one",
      secrets: ["Bearer old-one"],
    },
    { shows: "scheme in another case", value: "bearer old-one", secrets: ["old-one"] },
    { shows: "basic, user and password configured", value: basic("hook:pa:ss"), secrets: ["hook:pa:ss"] },
    { shows: "basic, the password configured", value: basic("hook:pa:ss"), secrets: ["pa:ss"] },
    { shows: "no scheme", value: "old-one", secrets: ["old-one"] },
    { shows: "the second of two, during rotation", value: "Bearer new-one", secrets: ["old-one", "new-one"] },
    { shows: "the first of two, during rotation", value: "Bearer old-one", secrets: ["old-one", "new-one"] },
  ])("is accepted: $shows", ({ value, secrets }) => {
    const result = authenticateHeader(requestOf("", { authorization: value }), optionsWith({}, ...secrets));
    expect(result).toEqual({ authentic: true, by: "shared-secret" });
  });

  test.each([
    { shows: "another secret", value: "Bearer wrong", secrets: ["right"], reason: "secret-wrong" },
    { shows: "a prefix", value: "Bearer righ", secrets: ["right"], reason: "secret-wrong" },
    { shows: "a longer one", value: "Bearer right!", secrets: ["right"], reason: "secret-wrong" },
    { shows: "the user name alone", value: basic("hook:right"), secrets: ["hook"], reason: "secret-wrong" },
    {
      shows: "two values joined",
      value: "Bearer right, Bearer x",
      secrets: ["right"],
      reason: "secret-wrong",
    },
    { shows: "no header", value: undefined, secrets: ["right"], reason: "secret-missing" },
    { shows: "an empty header", value: "", secrets: ["right"], reason: "secret-missing" },
    { shows: "nothing configured", value: "Bearer x", secrets: [], reason: "no-secret-configured" },
    { shows: "an empty secret is none", value: "Bearer ", secrets: [""], reason: "no-secret-configured" },
    {
      shows: "an empty secret beside a real one",
      value: "Bearer ",
      secrets: ["", "right"],
      reason: "secret-wrong",
    },
  ])("is refused: $shows", ({ value, secrets, reason }) => {
    const headers = value === undefined ? {} : { authorization: value };
    const result = authenticateHeader(requestOf("", headers), optionsWith({}, ...secrets));
    expect(result).toEqual({ authentic: false, reason });
  });

  test("is looked for in the configured header only", () => {
    const options = optionsWith({ header: "X-Zot-Token" }, "right");
    expect(authenticateHeader(requestOf("", { "x-zot-token": "right" }), options).authentic).toBe(true);
    expect(authenticateHeader(requestOf("", { authorization: "Bearer right" }), options)).toEqual({
      authentic: false,
      reason: "secret-missing",
    });
  });

  test("is not needed where the configuration says so, and then nothing is proved", () => {
    const open = optionsWith({ unauthenticated: true });
    expect(authenticateHeader(requestOf(""), open)).toEqual({ authentic: true, by: "none" });
    const both = optionsWith({ unauthenticated: true }, "right");
    expect(authenticateHeader(requestOf(""), both).authentic).toBe(false);
  });
});

describe("a secret at the end of the address", () => {
  test.each([
    { path: "/events/quay/s3cret-path", secrets: ["s3cret-path"], expected: { authentic: true, by: "none" } },
    { path: "/events/quay/new", secrets: ["old", "new"], expected: { authentic: true, by: "none" } },
    { path: "/events/quay/a%2Fb", secrets: ["a/b"], expected: { authentic: true, by: "none" } },
    { path: "/events/quay/a%2b", secrets: ["a%2b"], expected: { authentic: true, by: "none" } },
    { path: "/events/quay/%zz", secrets: ["old"], expected: { authentic: false, reason: "secret-wrong" } },
    { path: "/events/quay/other", secrets: ["old"], expected: { authentic: false, reason: "secret-wrong" } },
    { path: "/events/quay/", secrets: ["old"], expected: { authentic: false, reason: "secret-missing" } },
    { path: "/events/quay/", secrets: [""], expected: { authentic: false, reason: "no-secret-configured" } },
    { path: "/events/quay/x", secrets: [], expected: { authentic: false, reason: "no-secret-configured" } },
  ])("$path against $secrets", ({ path, secrets, expected }) => {
    const result = authenticateAddress(requestOf("", {}, { path }), optionsWith({}, ...secrets));
    expect(result).toEqual(expected);
  });
});
