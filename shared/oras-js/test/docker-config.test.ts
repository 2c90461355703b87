import { describe, expect, test } from "vitest";
import { parseDockerConfig } from "../index.ts";

const basic = (text: string): string => Buffer.from(text).toString("base64");
const config = (auths: Record<string, unknown>, rest: Record<string, unknown> = {}) =>
  parseDockerConfig(JSON.stringify({ auths, ...rest }));
const user = { username: "u", password: "p" };

describe("parseDockerConfig", () => {
  test.each([
    ["ghcr.io", "ghcr.io", "o/app"],
    ["https://ghcr.io", "ghcr.io", "o/app"],
    ["https://GHCR.io/", "ghcr.io", "o/app"],
    ["http://localhost:5000", "localhost:5000", "app"],
    ["https://index.docker.io/v1/", "index.docker.io", "library/alpine"],
    ["docker.io", "index.docker.io", "library/alpine"],
    ["registry-1.docker.io", "index.docker.io", "library/alpine"],
    ["https://registry.example.com/v2/", "registry.example.com", "app"],
    ["https://gitlab.example.com/group/x", "gitlab.example.com", "app"],
    ["ghcr.io/o", "ghcr.io", "o/app"],
    ["ghcr.io/o/app", "ghcr.io", "o/app"],
  ])("the key %s serves %s/%s", async (key, registry, repository) => {
    expect(await config({ [key]: { auth: basic("u:p") } }).credentials(registry, repository)).toEqual(user);
  });

  test.each([
    ["ghcr.io", "ghcr.io.evil.example", "o/app"],
    ["ghcr.io", "ghcr.io:8443", "o/app"],
    ["ghcr.io/o", "ghcr.io", "other/app"],
    ["ghcr.io/o", "ghcr.io", "oo/app"],
  ])("the key %s does not serve %s/%s", async (key, registry, repository) => {
    expect(await config({ [key]: { auth: basic("u:p") } }).credentials(registry, repository)).toBeUndefined();
  });

  test.each([
    [{ auth: basic("u:p:with:colons") }, { username: "u", password: "p:with:colons" }],
    [{ auth: basic("u:p\0\0") }, user],
    [{ username: "u", password: "p" }, user],
    [{ auth: basic("u:p"), identitytoken: "id" }, { identityToken: "id" }],
    [{ auth: basic("<token>:id") }, { identityToken: "id" }],
    [{ registrytoken: "rt" }, { bearer: "rt" }],
    [{}, undefined],
    [{ auth: "" }, undefined],
  ])("%j", async (entry, expected) => {
    expect(await config({ "r.example": entry }).credentials("r.example", "a")).toEqual(expected);
  });

  test("the narrowest entry wins", async () => {
    const both = config({ "ghcr.io": { auth: basic("wide:p") }, "ghcr.io/o": { auth: basic("narrow:p") } });
    expect(await both.credentials("ghcr.io", "o/app")).toMatchObject({ username: "narrow" });
    expect(await both.credentials("ghcr.io", "x/app")).toMatchObject({ username: "wide" });
  });

  test("helpers are named and never run", async () => {
    const { credentials, helperOf } = config(
      { "ghcr.io": {} },
      { credsStore: "desktop", credHelpers: { "https://x.example": "ecr-login" } },
    );
    expect(helperOf("ghcr.io")).toBe("desktop");
    expect(helperOf("x.example")).toBe("ecr-login");
    expect(config({}, { credHelpers: { "x.example": "ecr-login" } }).helperOf("ghcr.io")).toBeUndefined();
    expect(await credentials("ghcr.io", "a")).toBeUndefined();
  });

  test.each([
    ["", "JSON"],
    ["[]", "JSON"],
    ['{"auths":[]}', "auths"],
    ['{"auths":{"r.example":"x"}}', "r.example"],
    ['{"auths":{"r.example":{"auth":"***"}}}', "r.example"],
    [`{"auths":{"r.example":{"auth":"${basic("nocolon")}"}}}`, "r.example"],
    [" ".repeat(1_048_577), "1 MiB"],
  ])("refuses %.40j", (text, hint) => {
    expect(() => parseDockerConfig(text)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    expect(() => parseDockerConfig(text)).toThrow(hint);
  });

  test("an error does not show the secret", () => {
    const secret = basic("supersecret");
    const message = (): string => {
      try {
        return typeof config({ "r.example": { auth: secret } });
      } catch (error) {
        return String(error);
      }
    };
    expect(message()).toContain("r.example");
    expect(message()).not.toMatch(new RegExp(`supersecret|${secret}`));
  });

  test("names of object properties are no credentials", async () => {
    expect(await config({}).credentials("constructor", "__proto__")).toBeUndefined();
  });
});
