import { expect, test } from "vitest";
import { parseChallenges } from "../authn/challenge.ts";

const read = (header: string | null) =>
  parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

test.each([
  [null, []],
  ["", []],
  [",, ,", []],
  [
    'Bearer realm="https://auth.example.com/token",service="registry",scope="repository:a/b:pull,push"',
    [
      [
        "bearer",
        { realm: "https://auth.example.com/token", service: "registry", scope: "repository:a/b:pull,push" },
      ],
    ],
  ],
  ['bEaReR REALM="https://a"', [["bearer", { realm: "https://a" }]]],
  ['Bearer realm = "https://a" , service = "b"', [["bearer", { realm: "https://a", service: "b" }]]],
  ["Bearer realm=https://a/t,service=b", [["bearer", { realm: "https://a/t", service: "b" }]]],
  [
    'Basic realm="x, y", Bearer realm="https://a",service="s"',
    [
      ["basic", { realm: "x, y" }],
      ["bearer", { realm: "https://a", service: "s" }],
    ],
  ],
  [
    'Negotiate, Bearer realm="https://a", Basic realm="x"',
    [
      ["negotiate", {}],
      ["bearer", { realm: "https://a" }],
      ["basic", { realm: "x" }],
    ],
  ],
  [
    'Negotiate oYG2MIGzoAMKAQE=, Basic realm="x"',
    [
      ["negotiate", {}],
      ["basic", { realm: "x" }],
    ],
  ],
  ['Basic realm="say \\"hi\\" \\\\ there"', [["basic", { realm: 'say "hi" \\ there' }]]],
  // The second realm must not replace the first: a header glued together by someone else would win.
  ['Bearer realm="https://a",realm="https://evil"', [["bearer", { realm: "https://a" }]]],
  ["Basic", [["basic", {}]]],
  ['realm="https://evil"', []],
  ['Basic realm="unterminated', [["basic", {}]]],
  [`Basic realm="${"x".repeat(20_000)}"`, []],
])("%j", (header, expected) => {
  expect(read(header)).toEqual(expected);
});
