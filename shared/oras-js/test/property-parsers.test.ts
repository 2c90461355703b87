import fc from "fast-check";
import { expect, test } from "vitest";
import { parseChallenges } from "../authn/challenge.ts";
import { toAuthKey } from "../authn/docker-config.ts";
import { parseTokenAnswer } from "../authn/token-request.ts";
import { formatReference, parseDockerConfig, parseReference } from "../index.ts";
import { parseIndex } from "../remote/index-json.ts";
import { parseSpecErrors } from "../transport/response-error.ts";
import { attempt, madeOf } from "./support/arbitraries.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const referenceLike = madeOf(
  "ghcr.io",
  "localhost",
  "docker.io",
  "/",
  ":",
  "@",
  "sha256:",
  "a".repeat(64),
  "app",
  "..",
  "5000",
  "[::1]",
  "latest",
  "//",
  "0x7f.1",
);

test("a reference is refused or means the same when printed and read again", () => {
  fc.assert(
    fc.property(referenceLike, (text) => {
      const reference = attempt(() => parseReference(text));
      if (reference === undefined) return;
      const printed = formatReference(reference);
      expect(formatReference(parseReference(printed))).toBe(printed);
    }),
  );
});

test("an accepted reference names the same host and path inside an URL", () => {
  fc.assert(
    fc.property(referenceLike, (text) => {
      const reference = attempt(() => parseReference(text));
      if (reference === undefined) return;
      const { registry, repository } = reference;
      const identifier = reference.kind === "tag" ? reference.tag : reference.digest;
      const url = new URL(`https://${registry}/v2/${repository}/manifests/${identifier}`);
      expect(url.host).toBe(registry.replace(/:443$/, "").replace(/:0+(?=[1-9])/, ":"));
      expect(url.pathname).toBe(`/v2/${repository}/manifests/${identifier}`);
      expect(url.search + url.hash + url.username).toBe("");
    }),
  );
});

test("challenges: any header is read, in bounded parts, and a written one is read back", () => {
  const header = madeOf(
    "Bearer ",
    "Basic",
    "realm",
    "=",
    '"',
    ",",
    " ",
    "\\",
    "https://a/t",
    "scope",
    "abc==",
  );
  fc.assert(fc.property(header, (text) => parseChallenges(text).length <= text.length));
  const name = fc.stringMatching(/^[a-z]{1,8}$/);
  const written = fc.dictionary(name, fc.string({ maxLength: 20 }), {
    minKeys: 1,
    maxKeys: 4,
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(fc.array(written, { minLength: 1, maxLength: 3 }), (all) => {
      const quoted = (value: string): string => `"${value.replace(/["\\]/g, "\\$&")}"`;
      const text = all
        .map(
          (each) =>
            `Bearer ${Object.entries(each)
              .map(([key, value]) => `${key}=${quoted(value)}`)
              .join(", ")}`,
        )
        .join(", ");
      const read = parseChallenges(text).map(({ parameters }) => Object.fromEntries(parameters));
      expect(read).toEqual(all);
    }),
  );
});

test.each<[string, (text: string) => unknown]>([
  ["docker config", (text) => parseDockerConfig(text)],
  ["token answer", (text) => parseTokenAnswer("x", bytes(text))],
  ["index", (text) => parseIndex("x", bytes(text), "RESPONSE_MALFORMED")],
  ["spec errors", (text) => parseSpecErrors(bytes(text))],
])("%s: any JSON, and any text, ends in a value or a typed error", (_, parse) => {
  const key = fc.constantFrom(
    "auths",
    "auth",
    "manifests",
    "digest",
    "size",
    "mediaType",
    "annotations",
    "token",
    "expires_in",
    "errors",
    "code",
    "message",
    "credHelpers",
    "__proto__",
  );
  const { document } = fc.letrec((tie) => ({
    leaf: fc.oneof(fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null)),
    list: fc.array(tie("document"), { maxLength: 3 }),
    object: fc.array(fc.tuple(key, tie("document")), { maxLength: 4 }),
    document: fc.oneof(
      { maxDepth: 5 },
      tie("leaf"),
      tie("list"),
      tie("object").map((entries) => new Map(entries as [string, unknown][])),
    ),
  }));
  const plain = (value: unknown): unknown => {
    if (value instanceof Map)
      return Object.fromEntries([...value].map(([name, each]) => [name, plain(each)]));
    return Array.isArray(value) ? value.map(plain) : value;
  };
  fc.assert(fc.property(document, (value) => void attempt(() => parse(JSON.stringify(plain(value)) ?? ""))));
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void attempt(() => parse(text))));
});

test("whatever an index holds, its descriptors can be fetched and checked", () => {
  const entry = fc.record(
    {
      mediaType: fc.oneof(fc.string(), fc.integer()),
      digest: fc.oneof(fc.string(), fc.constant(`sha256:${"a".repeat(64)}`)),
      size: fc.oneof(fc.integer(), fc.double(), fc.string()),
      annotations: fc.oneof(fc.object({ maxDepth: 1 }), fc.string()),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(entry), (manifests) => {
      const { descriptors } = parseIndex("x", bytes(JSON.stringify({ manifests })), "RESPONSE_MALFORMED");
      for (const { digest, size, annotations = {} } of descriptors) {
        expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
        expect(Number.isSafeInteger(size) && size >= 0).toBe(true);
        expect(Object.values(annotations).every((value) => typeof value === "string")).toBe(true);
      }
    }),
  );
});

test("auth keys: a host stays a host, whatever stands around it", () => {
  const decoration = fc.constantFrom("", "https://", "http://", "HTTPS://");
  const tail = fc.constantFrom("", "/", "/v1/", "/v2/", "/v1");
  fc.assert(
    fc.property(fc.domain(), decoration, tail, (host, before, after) => {
      expect(toAuthKey(`${before}${host}${after}`)).toBe(toAuthKey(host));
    }),
  );
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => typeof toAuthKey(text) === "string"));
});
