import { describe, expect, test } from "vitest";
import {
  formatReference,
  isLoopbackRegistry,
  OrasError,
  parseReference,
  parseRegistryHost,
  usesPlainHttpInGo,
} from "../index.ts";

const a64 = "a".repeat(64);
const hub = "index.docker.io";

// Answers of go-containerregistry 0.22.1's name.ParseReference (weak validation, its default) and Scheme().
const ACCEPTED_AS_IN_GO: readonly (readonly [
  string,
  "tag" | "digest",
  string,
  string,
  string,
  "http" | "https",
])[] = [
  ["alpine", "tag", hub, "library/alpine", "latest", "https"],
  ["alpine:3", "tag", hub, "library/alpine", "3", "https"],
  ["library/alpine", "tag", hub, "library/alpine", "latest", "https"],
  ["docker.io/alpine", "tag", hub, "library/alpine", "latest", "https"],
  ["docker.io/library/alpine:3", "tag", hub, "library/alpine", "3", "https"],
  ["index.docker.io/alpine", "tag", hub, "library/alpine", "latest", "https"],
  ["index.docker.io/a/b", "tag", hub, "a/b", "latest", "https"],
  ["registry-1.docker.io/alpine", "tag", "registry-1.docker.io", "alpine", "latest", "https"],
  ["ghcr.io/o/app", "tag", "ghcr.io", "o/app", "latest", "https"],
  ["ghcr.io/o/app:1.2.3", "tag", "ghcr.io", "o/app", "1.2.3", "https"],
  [`ghcr.io/o/app@sha256:${a64}`, "digest", "ghcr.io", "o/app", `sha256:${a64}`, "https"],
  [`ghcr.io/o/app:1.2.3@sha256:${a64}`, "digest", "ghcr.io", "o/app", `sha256:${a64}`, "https"],
  [`ghcr.io:443/a:b@sha256:${a64}`, "digest", "ghcr.io:443", "a", `sha256:${a64}`, "https"],
  [`alpine@sha512:${a64}${a64}`, "digest", hub, "library/alpine", `sha512:${a64}${a64}`, "https"],
  ["localhost/app", "tag", "localhost", "app", "latest", "https"],
  ["localhost:5000/app:v1", "tag", "localhost:5000", "app", "v1", "http"],
  ["localhost", "tag", hub, "library/localhost", "latest", "https"],
  ["localhost:5000", "tag", hub, "library/localhost", "5000", "https"],
  ["app:5000/x", "tag", "app:5000", "x", "latest", "https"],
  ["myhost/app", "tag", hub, "myhost/app", "latest", "https"],
  ["myhost/app/b", "tag", hub, "myhost/app/b", "latest", "https"],
  ["my-host:80/app", "tag", "my-host:80", "app", "latest", "https"],
  ["127.0.0.1:5000/app", "tag", "127.0.0.1:5000", "app", "latest", "http"],
  ["127.0.0.1/app", "tag", "127.0.0.1", "app", "latest", "http"],
  ["127.0.0.2:5000/app", "tag", "127.0.0.2:5000", "app", "latest", "https"],
  ["[::1]:5000/app", "tag", "[::1]:5000", "app", "latest", "http"],
  ["[::1]/app", "tag", "[::1]", "app", "latest", "http"],
  ["10.0.0.1/app", "tag", "10.0.0.1", "app", "latest", "http"],
  ["10.0.0.1:5000/app", "tag", "10.0.0.1:5000", "app", "latest", "http"],
  ["172.16.3.4/app", "tag", "172.16.3.4", "app", "latest", "http"],
  ["172.32.0.1/app", "tag", "172.32.0.1", "app", "latest", "https"],
  ["192.168.1.1:80/app", "tag", "192.168.1.1:80", "app", "latest", "http"],
  ["a.localhost/app", "tag", "a.localhost", "app", "latest", "http"],
  ["a.localhost:80/app", "tag", "a.localhost:80", "app", "latest", "http"],
  ["foo.localhost.evil/app", "tag", "foo.localhost.evil", "app", "latest", "https"],
  ["ghcr.io", "tag", hub, "library/ghcr.io", "latest", "https"],
  ["ghcr.io/-a", "tag", "ghcr.io", "-a", "latest", "https"],
  ["gh_cr.io/a", "tag", "gh_cr.io", "a", "latest", "https"],
  ["alpine:-x", "tag", hub, "library/alpine", "-x", "https"],
  ["alpine:.x", "tag", hub, "library/alpine", ".x", "https"],
  ["a/b/c/d/e:1", "tag", hub, "a/b/c/d/e", "1", "https"],
  [`alpine:${"a".repeat(128)}`, "tag", hub, "library/alpine", "a".repeat(128), "https"],
  [`ghcr.io/${"a".repeat(255)}`, "tag", "ghcr.io", "a".repeat(255), "latest", "https"],
];

const REFUSED_AS_IN_GO: readonly string[] = [
  "",
  " alpine",
  "alpine ",
  "ghcr.io/",
  "ghcr.io/A",
  "Alpine",
  "alpine:",
  "alpine:a/b",
  "alpine:1+2",
  `alpine:${"a".repeat(129)}`,
  `ghcr.io/${"a".repeat(256)}`,
  `alpine@sha256:${"a".repeat(63)}`,
  `alpine@sha256:${a64}a`,
  `alpine@sha256:${"A".repeat(64)}`,
  `alpine@md5:${"a".repeat(32)}`,
  "alpine@sha256:",
  `alpine@${a64}`,
  `alpine@@sha256:${a64}`,
  `alpine@sha256:${a64}@sha256:${a64}`,
  `a:b:c@sha256:${a64}`,
  `alpine:@sha256:${a64}`,
  `alpine:b$d@sha256:${a64}`,
  "http://ghcr.io/a",
  "https://ghcr.io/a:b",
  "ghcr.io:abc/a",
  "user@ghcr.io/a",
  "user:pw@ghcr.io/a",
  "gh cr.io/a",
  "ghcr.io/a b",
  "ghcr.io/a\n",
  "ghcr.io/ä",
  "é:1",
  "gh%63r.io/a",
  "ghcr.io?x/a",
  "ghcr.io#x/a",
  "a\\b.io/c",
  "ghcr.io/a:b?x",
  "[::1/app",
  "[::g]/app",
  "[fe80::1%25eth0]/app",
];

// go-containerregistry takes these. Inside an URL they would name another resource or host, or none at all.
const REFUSED_BEYOND_GO: readonly (readonly [string, string])[] = [
  ["/app", "an empty component"],
  ["ghcr.io//app", "an empty component"],
  ["ghcr.io/a//b", "an empty component"],
  ["ghcr.io/a/", "an empty component"],
  ["ghcr.io/a/../b", "walks to another repository"],
  ["ghcr.io/./a", "walks to another repository"],
  ["alpine:.", "walks to another resource"],
  ["alpine:..", "walks to another resource"],
  ["oci://ghcr.io/a", "a scheme"],
  ["ghcr.io:/a", "an empty port"],
  ["ghcr.io:99999/a", "no such port"],
  ["ghcr.io./a", "another spelling of a host"],
  [".io/a", "an empty label"],
  ["-.io/a", "no host name"],
  ["a..b/c", "an empty label"],
  ["exämple.io/a", "read as punycode"],
  ['a"b.c/d', "no host name"],
  ["a;b.c/d", "no host name"],
  ["0x7f.1/app", "read as 127.0.0.1"],
  ["127.1/app", "read as 127.0.0.1"],
  ["0177.0.0.1/app", "read as 127.0.0.1"],
  ["::1/app", "no URL without brackets"],
  [`alpine@sha384:${"a".repeat(96)}`, "an algorithm this package does not check"],
];

describe("parseReference", () => {
  test.each(ACCEPTED_AS_IN_GO)("%s", (text, kind, registry, repository, identifier, scheme) => {
    const reference = parseReference(text);
    expect(reference).toMatchObject({ kind, registry, repository });
    expect(reference.kind === "tag" ? reference.tag : reference.digest).toBe(identifier);
    expect(usesPlainHttpInGo(registry) ? "http" : "https").toBe(scheme);
  });

  test.each(REFUSED_AS_IN_GO)("refuses %j", (text) => {
    expect(() => parseReference(text)).toThrow(OrasError);
  });

  test.each(REFUSED_BEYOND_GO)("refuses %j: %s", (text) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: "REFERENCE_INVALID" }));
  });

  test("reads a host in any case as one host", () => {
    expect(parseReference("GHCR.io/a").registry).toBe("ghcr.io");
  });

  test("keeps the tag beside a digest and prints the digest", () => {
    const reference = parseReference(`ghcr.io/o/app:1.2.3@sha256:${a64}`);
    expect(reference).toMatchObject({ kind: "digest", tag: "1.2.3" });
    expect(formatReference(reference)).toBe(`ghcr.io/o/app@sha256:${a64}`);
  });

  test.each([
    ["https://ghcr.io/a", "without a scheme"],
    ["Alpine", "a-z"],
    ["alpine@sha256:12", "64"],
    ["ghcr.io:99999/a", "65535"],
    ["::1/app", "brackets"],
  ])("says what is wrong with %s", (text, hint) => {
    expect(() => parseReference(text)).toThrow(hint);
  });

  test("quotes hostile text on one line and bounded", () => {
    const text = `a\n\u001b[31m\u202e${"x".repeat(10_000)}`;
    const message = (): string => {
      try {
        return formatReference(parseReference(text));
      } catch (error) {
        return String(error);
      }
    };
    expect(message()).toMatch(/^OrasError: [\x20-\x7e\ufffd…]{10,400}$/);
  });
});

test.each([
  ["localhost", true],
  ["localhost:5000", true],
  ["x.localhost", true],
  ["127.0.0.1:1", true],
  ["[::1]:80", true],
  ["10.0.0.1", false],
  ["127.0.0.1.evil.example", false],
  ["localhost.evil.example", false],
])("%s is on this machine: %s", (registry, expected) => {
  expect(isLoopbackRegistry(parseRegistryHost(registry))).toBe(expected);
});
