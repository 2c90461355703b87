import { describe, expect, test } from "vitest";
import { toRepositoryName } from "../../../shared/artifact/repository.ts";
import { parseRepositoryGlob } from "../../../shared/config/repository-glob.ts";

describe("matches", () => {
  test.each([
    ["ghcr.io/acme/app", "ghcr.io", "acme/app", true],
    ["ghcr.io/acme/app", "ghcr.io", "acme/app2", false],
    ["ghcr.io/acme/app", "ghcr.io", "acme/app/x", false],
    ["ghcr.io/acme/app", "ghcr.io.evil.example", "acme/app", false],
    ["ghcr.io/acme/*", "ghcr.io", "acme/app", true],
    ["ghcr.io/acme/*", "ghcr.io", "acme/team/app", false],
    ["ghcr.io/acme/*", "ghcr.io", "acme", false],
    ["ghcr.io/acme/**", "ghcr.io", "acme/app", true],
    ["ghcr.io/acme/**", "ghcr.io", "acme/team/app", true],
    ["ghcr.io/acme/**", "ghcr.io", "acme", false],
    ["ghcr.io/acme/**", "ghcr.io", "acme2/app", false],
    ["ghcr.io/**/charts", "ghcr.io", "charts", true],
    ["ghcr.io/**/charts", "ghcr.io", "a/b/charts", true],
    ["ghcr.io/**/charts", "ghcr.io", "a/b/charts/c", false],
    ["ghcr.io/**/charts/**", "ghcr.io", "a/charts/b/c", true],
    ["ghcr.io/a/**/**/b", "ghcr.io", "a/b", true],
    ["ghcr.io/team-*/app", "ghcr.io", "team-blue/app", true],
    ["ghcr.io/team-*/app", "ghcr.io", "team/app", false],
    ["ghcr.io/*a*b*/x", "ghcr.io", "zzabzz/x", true],
    ["ghcr.io/*a*b*/x", "ghcr.io", "zzbazz/x", false],
    ["*.dkr.ecr.*.amazonaws.com/app", "1.dkr.ecr.eu-west-1.amazonaws.com", "app", true],
    ["*.azurecr.io/**", "acme.azurecr.io", "a/b", true],
    ["*.azurecr.io/**", "azurecr.io", "a/b", false],
    ["GHCR.io/acme/app", "ghcr.io", "acme/app", true],
    ["localhost:5000/**", "localhost:5000", "a", true],
    ["[::1]:5000/a", "[::1]:5000", "a", true],
    ["**", "anything.example", "a/b/c", true],
    ["**/app", "anything.example", "b/app", true],
    ["docker.io/nginx", "registry-1.docker.io", "nginx", true],
    ["docker.io/nginx", "docker.io", "library/nginx", true],
    ["docker.io/*", "docker.io", "nginx", true],
    ["docker.io/*", "docker.io", "acme/nginx", false],
    ["docker.io/**", "docker.io", "acme/nginx", true],
    ["docker.io/acme/**", "index.docker.io", "acme/nginx", true],
  ])("%s against %s/%s: %s", (text, host, path, expected) => {
    expect(parseRepositoryGlob(text)?.matches(toRepositoryName(host, path))).toBe(expected);
  });
});

test.each([
  "",
  "ghcr.io",
  "/acme",
  "ghcr.io/",
  "ghcr.io//a",
  "ghcr.io/a/",
  "oci://ghcr.io/a",
  "ghcr.io/a:tag",
  "ghcr.io/a@sha256:0",
  "ghcr.io/Acme/app",
  "ghcr.io/a***",
  "ghcr.io/a**b/c",
  "ghcr.io/a b",
  "ghcr.io/../a",
  `ghcr.io/${"a/".repeat(40)}a`,
  `ghcr.io/${"a".repeat(600)}`,
])("%j is refused", (text) => {
  expect(parseRepositoryGlob(text)).toBeUndefined();
});

test("a pattern of stars against a long path stays small", () => {
  const glob = parseRepositoryGlob(`ghcr.io/${"*a".repeat(200)}*b`);
  expect(glob?.matches({ registry: "ghcr.io", repository: "a".repeat(20_000) })).toBe(false);
  const deep = parseRepositoryGlob(`ghcr.io/${"**/a/".repeat(14)}b`);
  expect(deep?.matches({ registry: "ghcr.io", repository: "a/".repeat(10_000) })).toBe(false);
});
