import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { optionsWith, requestOf, sourceNamed } from "./event-fixtures.ts";

const hex = (algorithm: string, key: string, body: string): string =>
  createHmac(algorithm, key).update(body).digest("hex");

const BODY = '{"action":"published","n":1}';

const SCHEMES = [
  {
    source: "ghcr",
    header: "x-hub-signature-256",
    sign: (key: string, body: string) => `sha256=${hex("sha256", key, body)}`,
  },
  {
    source: "sluice",
    header: "x-signature",
    sign: (key: string, body: string) => `sha256=${hex("sha256", key, body)}`,
  },
  {
    source: "cloudevents",
    header: "x-signature",
    sign: (key: string, body: string) => `sha256=${hex("sha256", key, body)}`,
  },
  {
    source: "jfrog",
    header: "x-jfrog-event-auth",
    sign: (key: string, body: string) => hex("sha256", key, body),
  },
  {
    source: "nexus",
    header: "x-nexus-webhook-signature",
    sign: (key: string, body: string) => hex("sha1", key, body),
  },
] as const;

describe.each(SCHEMES)("$source", ({ source, header, sign }) => {
  const { authenticate } = sourceNamed(source);
  const options = optionsWith({ jfrogMode: "hmac" }, "old-key", "new-key");

  test.each(["old-key", "new-key"])("accepts a body signed with %s, while keys rotate", async (key) => {
    const result = await authenticate(requestOf(BODY, { [header]: sign(key, BODY) }), options);
    expect(result).toEqual({ authentic: true, by: "signature" });
  });

  test.each([
    { shows: "a key we do not have", value: sign("another", BODY), reason: "signature-wrong" },
    {
      shows: "another body",
      value: sign("old-key", `${BODY} `.replace("1", "2")),
      reason: "signature-wrong",
    },
    { shows: "half a signature", value: sign("old-key", BODY).slice(0, -2), reason: "signature-malformed" },
    { shows: "a signature and more", value: `${sign("old-key", BODY)}00`, reason: "signature-malformed" },
    {
      shows: "letters that are no hex",
      value: sign("old-key", BODY).replace(/.$/, "g"),
      reason: "signature-malformed",
    },
    { shows: "another algorithm's name", value: `md5=${"0".repeat(64)}`, reason: "signature-malformed" },
    { shows: "an empty header", value: "", reason: "signature-missing" },
  ])("refuses $shows", async ({ value, reason }) => {
    expect(await authenticate(requestOf(BODY, { [header]: value }), options)).toEqual({
      authentic: false,
      reason,
    });
  });

  test("refuses a body signed with an empty secret that is configured by mistake", async () => {
    const result = await authenticate(requestOf(BODY, { [header]: sign("", BODY) }), optionsWith({}, ""));
    expect(result).toEqual({ authentic: false, reason: "no-secret-configured" });
  });
});

test("GitHub's published vector holds", async () => {
  const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
  const request = requestOf("Hello, World!", { "x-hub-signature-256": signature });
  const options = optionsWith({}, "It's a Secret to Everybody");
  expect(await sourceNamed("ghcr").authenticate(request, options)).toEqual({
    authentic: true,
    by: "signature",
  });
});

test("a right hash under another algorithm's name is refused", async () => {
  const request = requestOf(BODY, { "x-hub-signature-256": `sha512=${hex("sha256", "key", BODY)}` });
  expect(await sourceNamed("ghcr").authenticate(request, optionsWith({}, "key"))).toMatchObject({
    reason: "signature-malformed",
  });
});

test("ghcr does not look at the older SHA-1 header", async () => {
  const request = requestOf(BODY, { "x-hub-signature": `sha1=${hex("sha1", "key", BODY)}` });
  expect(await sourceNamed("ghcr").authenticate(request, optionsWith({}, "key"))).toMatchObject({
    reason: "signature-missing",
  });
});

describe("nexus signs the body without whitespace", () => {
  const pretty = '{\n  "repositoryName" : "a b",\n  "action" : "CREATED"\n}';
  const compact = '{"repositoryName":"a b","action":"CREATED"}';

  test.each([
    { shows: "the compact form of a pretty body", signed: compact },
    { shows: "the raw form of a pretty body", signed: pretty },
  ])("$shows", async ({ signed }) => {
    const request = requestOf(pretty, { "x-nexus-webhook-signature": hex("sha1", "key", signed) });
    expect(await sourceNamed("nexus").authenticate(request, optionsWith({}, "key"))).toMatchObject({
      authentic: true,
    });
  });

  test("but whitespace inside strings counts", async () => {
    const signature = hex("sha1", "key", compact.replace("a b", "ab"));
    const request = requestOf(pretty, { "x-nexus-webhook-signature": signature });
    expect(await sourceNamed("nexus").authenticate(request, optionsWith({}, "key"))).toMatchObject({
      reason: "signature-wrong",
    });
  });
});

describe("jfrog's two modes", () => {
  const header = "x-jfrog-event-auth";
  test.each([
    { mode: "secret", value: "key", expected: { authentic: true, by: "shared-secret" } },
    {
      mode: "secret",
      value: hex("sha256", "key", BODY),
      expected: { authentic: false, reason: "secret-wrong" },
    },
    { mode: "hmac", value: "key", expected: { authentic: false, reason: "signature-malformed" } },
    { mode: "hmac", value: hex("sha256", "key", BODY), expected: { authentic: true, by: "signature" } },
    { mode: undefined, value: "key", expected: { authentic: true, by: "shared-secret" } },
    { mode: undefined, value: hex("sha256", "key", BODY), expected: { authentic: true, by: "signature" } },
    { mode: undefined, value: "other", expected: { authentic: false, reason: "secret-wrong" } },
  ] as const)("$mode: $expected", async ({ mode, value, expected }) => {
    const options = optionsWith(mode === undefined ? {} : { jfrogMode: mode }, "key");
    expect(await sourceNamed("jfrog").authenticate(requestOf(BODY, { [header]: value }), options)).toEqual(
      expected,
    );
  });
});

test("cloudevents takes a shared secret where no signature is sent, but not beside a wrong signature", async () => {
  const { authenticate } = sourceNamed("cloudevents");
  const options = optionsWith({}, "key");
  const authorization = "Bearer key";
  expect(await authenticate(requestOf(BODY, { authorization }), options)).toMatchObject({ authentic: true });
  const both = { authorization, "x-signature": `sha256=${"0".repeat(64)}` };
  expect(await authenticate(requestOf(BODY, both), options)).toMatchObject({ reason: "signature-wrong" });
});

describe("sources whose proof is a header, an address or a platform", () => {
  test.each(["ecr", "acr-webhook", "harbor", "zot", "distribution", "gitlab"])(
    "%s compares the header",
    async (name) => {
      const { authenticate } = sourceNamed(name);
      const options = optionsWith({}, "right");
      const withHeader = (authorization: string) => authenticate(requestOf(BODY, { authorization }), options);
      expect(await withHeader("right")).toEqual({ authentic: true, by: "shared-secret" });
      expect(await withHeader("wrong")).toEqual({ authentic: false, reason: "secret-wrong" });
      expect(await authenticate(requestOf(BODY), options)).toEqual({
        authentic: false,
        reason: "secret-missing",
      });
      expect(await authenticate(requestOf(BODY), optionsWith())).toMatchObject({ authentic: false });
    },
  );

  test.each(["dockerhub", "quay"])(
    "%s knows an address at best, so it never counts as proof",
    async (name) => {
      const { authenticate } = sourceNamed(name);
      const at = (path: string) => authenticate(requestOf(BODY, {}, { path }), optionsWith({}, "right"));
      expect(await at("/events/x/right")).toEqual({ authentic: true, by: "none" });
      expect(await at("/events/x/wrong")).toEqual({ authentic: false, reason: "secret-wrong" });
    },
  );

  test.each(["ecr", "acr-eventgrid", "gar"])(
    "%s trusts the platform only where the function says so",
    async (name) => {
      const { authenticate } = sourceNamed(name);
      expect(await authenticate(requestOf(BODY), optionsWith({ platform: true }))).toEqual({
        authentic: true,
        by: "platform",
      });
      expect(await authenticate(requestOf(BODY), optionsWith())).toMatchObject({ authentic: false });
    },
  );

  test.each(["ghcr", "harbor", "dockerhub", "sluice", "distribution"])(
    "%s does not know the platform",
    async (name) => {
      const result = await sourceNamed(name).authenticate(requestOf(BODY), optionsWith({ platform: true }));
      expect(result).toMatchObject({ authentic: false });
    },
  );

  test.each(["acr-eventgrid", "gar"])("%s takes a secret in the query", async (name) => {
    const { authenticate } = sourceNamed(name);
    const asking = (query: string) => authenticate(requestOf(BODY, {}, { query }), optionsWith({}, "right"));
    expect(await asking("secret=right")).toEqual({ authentic: true, by: "shared-secret" });
    expect(await asking("secret=wrong&secret=right")).toEqual({ authentic: false, reason: "secret-wrong" });
    expect(await asking("")).toEqual({ authentic: false, reason: "secret-missing" });
  });
});
