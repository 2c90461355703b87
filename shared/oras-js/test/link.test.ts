import { describe, expect, test } from "vitest";
import { escapeLastTag } from "../remote/list-tags.ts";
import { parseNextLink, resolveNextLink } from "../transport/link.ts";

test.each([
  [null, undefined],
  ["", undefined],
  ['</v2/a/tags/list?n=2&last=b>; rel="next"', "/v2/a/tags/list?n=2&last=b"],
  ["</v2/a?last=b>; rel=next", "/v2/a?last=b"],
  ["</v2/a?last=b>;REL=NEXT", "/v2/a?last=b"],
  ['</one>; rel="prev", </two>; rel="next"', "/two"],
  ['</one>; title="a, b; rel=next"; rel="prev", </two>; rel="next"', "/two"],
  ['</a,b;c>; rel="first next"', "/a,b;c"],
  ['</one>; rel="nextish"', undefined],
  ["/v2/a; rel=next", undefined],
  ['</one; rel="next"', undefined],
  [`<${"x".repeat(20_000)}>; rel="next"`, undefined],
])("%j", (header, expected) => {
  expect(parseNextLink(header)).toBe(expected);
});

describe("resolveNextLink", () => {
  const from = new URL("https://r.example/v2/a/tags/list?n=2");

  test.each([
    ["/v2/a/tags/list?last=b", "https://r.example/v2/a/tags/list?last=b"],
    ["?last=b", "https://r.example/v2/a/tags/list?last=b"],
    ["https://r.example/x#y", "https://r.example/x"],
  ])("%s", (target, expected) => {
    expect(resolveNextLink(target, from).href).toBe(expected);
  });

  // Each of them would be asked with this registry's token.
  test.each([
    "https://evil.example/x",
    "//evil.example/x",
    "http://r.example/x",
    "https://u:p@r.example/x",
    "https://",
  ])("refuses %s", (target) => {
    expect(() => resolveNextLink(target, from)).toThrow(expect.objectContaining({ code: "PAGING_REFUSED" }));
  });
});

test.each([
  ["/v2/a/tags/list?n=1&last=1.0+b", "1.0+b", "/v2/a/tags/list?n=1&last=1.0%2Bb"],
  ["/v2/a/tags/list?last=a&b&n=1", "a&b", "/v2/a/tags/list?last=a%26b&n=1"],
  ["/v2/a/tags/list?last=1.0%2Bb&n=1", "1.0+b", "/v2/a/tags/list?last=1.0%2Bb&n=1"],
  ["/v2/a/tags/list?last=b", "b", "/v2/a/tags/list?last=b"],
  ["/v2/a/tags/list?n=1", undefined, "/v2/a/tags/list?n=1"],
])("escapes the tag in %s", (target, tag, expected) => {
  expect(escapeLastTag(target, tag)).toBe(expected);
});
