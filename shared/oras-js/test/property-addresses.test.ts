import fc from "fast-check";
import { expect, test } from "vitest";
import { checkRealm } from "../authn/realm-policy.ts";
import { parseRoute } from "../registry/route.ts";
import { escapeLastTag } from "../remote/list-tags.ts";
import { parseNextLink, resolveNextLink } from "../transport/link.ts";
import { checkLocation } from "../transport/redirect.ts";
import { parseRetryAfter } from "../transport/response-error.ts";
import { attempt, madeOf } from "./support/arbitraries.ts";

test("links: any header is read, and a next page never leaves the origin", () => {
  const from = new URL("https://r.example/v2/a/tags/list?n=2");
  const header = madeOf(
    "<",
    ">",
    ";",
    ",",
    'rel="next"',
    "rel=next",
    '"',
    "\\",
    "/v2/a",
    "https://evil.example/",
    "//evil",
    "?last=",
  );
  fc.assert(
    fc.property(header, fc.string({ maxLength: 5 }), (text, tag) => {
      const target = parseNextLink(text);
      if (target === undefined) return;
      const next = attempt(() => resolveNextLink(escapeLastTag(target, tag), from));
      if (next !== undefined) expect(next.origin).toBe(from.origin);
    }),
  );
});

test("locations: only http(s), never from https to http, never to a private address", () => {
  const from = new URL("https://r.example/v2/a/blobs/x");
  const location = madeOf(
    "https:",
    "http:",
    "//",
    "/",
    "127.0.0.1",
    "10.0.0.1",
    "[::1]",
    "localhost",
    "b.example",
    "@",
    ":",
    "file:",
    "2130706433",
  );
  fc.assert(
    fc.property(location, (text) => {
      const to = attempt(() => checkLocation(text, from, from));
      if (to === undefined) return;
      expect(to.protocol).toBe("https:");
      expect(to.hostname).not.toMatch(/^(?:127\.|10\.|localhost$|\[::1\]$)/);
    }),
  );
});

test("realms: with credentials only the registry's own domain over https", () => {
  const registry = new URL("https://registry.example.com");
  const realm = madeOf(
    "https://",
    "http://",
    "registry.",
    "auth.",
    "example.com",
    "example.org",
    "evil",
    "/",
    "@",
    ":443",
    "#",
    "?",
    "\\",
  );
  fc.assert(
    fc.property(realm, (text) => {
      const url = attempt(() =>
        checkRealm({ realm: text, registry, hasCredentials: true, allowRealm: undefined }),
      );
      if (url === undefined) return;
      expect(url.protocol).toBe("https:");
      expect(url.hostname).toMatch(/(?:^|\.)example\.com$/);
    }),
  );
});

test("Retry-After is never negative, never more than a day", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
      ),
      fc.nat(),
      (text, nowMs) => {
        const waitMs = parseRetryAfter(text, nowMs);
        if (waitMs !== undefined) expect(waitMs >= 0 && waitMs <= 86_400_000).toBe(true);
      },
    ),
  );
});

test("routes: any path is a route, and a repository in it has a proper name", () => {
  const path = madeOf(
    "/v2/",
    "/",
    "a",
    "b-c",
    "manifests",
    "blobs",
    "uploads",
    "tags",
    "list",
    "referrers",
    "..",
    "sha256:",
    "_catalog",
  );
  fc.assert(
    fc.property(path, (text) => {
      const route = parseRoute(text);
      if ("repository" in route) expect(route.repository).toMatch(/^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/);
    }),
  );
});
