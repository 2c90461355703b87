import { describe, expect, test } from "vitest";
import { formatRepository, toRepositoryName } from "../../../shared/artifact/repository.ts";
import { parseRepositoryGlob } from "../../../shared/config/repository-glob.ts";
import { compileText, ociRepository, onlySubscription } from "../policy/compile-text.ts";

describe("a registry has one spelling", () => {
  test.each([
    ["ghcr.io", "ghcr.io"],
    ["GHCR.io", "ghcr.io"],
    ["ghcr.io:443", "ghcr.io"],
    ["ghcr.io:0443", "ghcr.io"],
    ["ghcr.io:05000", "ghcr.io:5000"],
    ["ghcr.io:80", "ghcr.io:80"],
    ["ghcr.io:4430", "ghcr.io:4430"],
    ["docker.io", "index.docker.io"],
    ["docker.io:443", "index.docker.io"],
    ["registry-1.docker.io:443", "index.docker.io"],
    ["[::1]:5000", "[::1]:5000"],
    ["[0:0:0:0:0:0:0:1]:5000", "[::1]:5000"],
    ["[2001:DB8::1]:443", "[2001:db8::1]"],
    // No address: left for whoever checks it.
    ["[::g]:5000", "[::g]:5000"],
    ["::1", "::1"],
    ["*.example.com:443", "*.example.com"],
  ])("%s is %s", (written, expected) => {
    expect(toRepositoryName(written, "acme/app")).toEqual({ registry: expected, repository: "acme/app" });
  });
});

// Who writes manifests must not step out of a rule of sluice.yaml by naming the same registry otherwise.
test.each(["ghcr.io", "ghcr.io:443", "GHCR.IO:00443"])("a rule for ghcr.io holds for %s", (host) => {
  const manifest = ociRepository("ref: {semver: 1.x}").replace("oci://ghcr.io/", `oci://${host}/`);
  const { repository } = onlySubscription(compileText(manifest));
  expect(formatRepository(repository)).toBe("ghcr.io/acme/app");
  for (const pattern of ["ghcr.io/acme/**", "ghcr.io:443/acme/*"])
    expect(parseRepositoryGlob(pattern)?.matches(repository)).toBe(true);
});
