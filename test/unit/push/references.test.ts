import { expect, test } from "vitest";
import { splitFullReference, splitReference } from "../../../shared/push/full-reference.ts";
import { isEventId, isHost, isMediaType, isRepositoryPath, isUsableTag } from "../../../shared/push/names.ts";
import { splitPackageUrl } from "../../../shared/push/purl.ts";

const HEX = "0123456789abcdef".repeat(4);

test.each([
  {
    text: "h.example/a/b:1@sha256:x",
    expected: { host: "h.example", repository: "a/b", tag: "1", digest: "sha256:x" },
  },
  { text: "h.example:5000/a", expected: { host: "h.example:5000", repository: "a" } },
  { text: "h.example:5000/a:b", expected: { host: "h.example:5000", repository: "a", tag: "b" } },
  { text: "localhost/a@b@c", expected: { host: "localhost", repository: "a@b", digest: "c" } },
  { text: "no-slash", expected: undefined },
  { text: "/a", expected: undefined },
  { text: "h.example/", expected: undefined },
  { text: "", expected: undefined },
])("full reference $text", ({ text, expected }) => {
  expect(splitFullReference(text)).toEqual(expected);
});

test.each([
  { text: "redis", host: "docker.io", repository: "redis" },
  { text: "redis:8", host: "docker.io", repository: "redis" },
  { text: "acme/app", host: "docker.io", repository: "acme/app" },
  { text: "localhost/app", host: "localhost", repository: "app" },
  { text: "a:5000/app", host: "a:5000", repository: "app" },
  { text: "[::1]:5000/app", host: "[::1]:5000", repository: "app" },
])("$text is of $host", ({ text, host, repository }) => {
  expect(splitReference(text)).toMatchObject({ host, repository });
});

test.each([
  {
    text: `pkg:oci/app@sha256%3A${HEX}?repository_url=r.example/acme/app&tag=1.0`,
    expected: { host: "r.example", repository: "acme/app", tag: "1.0", digest: `sha256:${HEX}` },
  },
  { text: `pkg:OCI/app@sha256:${HEX}`, expected: { host: "", repository: "app", digest: `sha256:${HEX}` } },
  {
    text: "pkg:oci/app?repository_url=https://r.example/app/&tag=1",
    expected: { host: "r.example", repository: "app", tag: "1" },
  },
  {
    text: "pkg:docker/acme/app@1.0#path",
    expected: { host: "docker.io", repository: "acme/app", tag: "1.0" },
  },
  { text: "pkg:npm/%40acme/app@1.0", expected: "not-oci" },
  { text: "pkg:oci/%zz@1", expected: undefined },
  { text: "https://r.example/app", expected: undefined },
  { text: "", expected: undefined },
  // Slashes before an end that is none: hours, if they are counted from each of them.
  { text: `pkg:oci/app?repository_url=r.example${"/".repeat(1_000_000)}!`, expected: undefined },
])("package URL %#", ({ text, expected }) => {
  expect(splitPackageUrl(text)).toEqual(expected);
});

test.each([
  {
    check: isRepositoryPath,
    good: ["a", "a/b-c/d__e", "a.b", "a--b"],
    bad: ["", "A", "a/", "/a", "a//b", "../a", "a b", "a..b", "é", "a".repeat(256)],
  },
  {
    check: isUsableTag,
    good: ["v1", "1.0_b", "_x", "a".repeat(128)],
    bad: ["", ".a", "-a", "a+b", "a/b", `sha256:${HEX}`, "a".repeat(129), "a\n"],
  },
  {
    check: isHost,
    good: ["a", "A.example", "a.example:5000", "10.0.0.1", "[::1]:5000"],
    bad: ["", "a/b", "a@b", "a b", "-a", "a:port", "a:", "user:pw@h", "a\nb"],
  },
  {
    check: isMediaType,
    good: ["application/vnd.oci.image.index.v1+json"],
    bad: ["", "a", "a/b/c", "a/b; c=d", "a/\n"],
  },
  { check: isEventId, good: ["x", "a-b:c/d#1"], bad: ["", "a b", "a\nb", "é", "a".repeat(201)] },
])("names: $check.name", ({ check, good, bad }) => {
  expect(good.filter((text) => !check(text))).toEqual([]);
  expect(bad.filter((text) => check(text))).toEqual([]);
});
