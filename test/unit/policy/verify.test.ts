import { describe, expect, test } from "vitest";
import { codesOf, compileText, ociRepository, onlySubscription } from "./compile-text.ts";

const PEM = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYI\n-----END PUBLIC KEY-----\n";
const OTHER_PEM = PEM.replace("MFkw", "AAAA");

const encode = (entries: Readonly<Record<string, string>>): Readonly<Record<string, Uint8Array>> =>
  Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, Buffer.from(value)]));

const withVerify = (
  verify: string,
  secrets: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
) =>
  compileText(ociRepository(`verify: ${verify}`), {
    resolveSecret: (cluster, namespace, name) => {
      const secret = secrets[`${cluster}/${namespace}/${name}`];
      return secret === undefined ? undefined : encode(secret);
    },
  });

const onlyRule = (compiled: ReturnType<typeof compileText>) => {
  const { rules } = onlySubscription(compiled);
  expect(rules).toHaveLength(1);
  return rules[0];
};

const problemsOf = (compiled: ReturnType<typeof compileText>) =>
  codesOf(compiled).filter((code) => code !== "receiver-absent");

describe("spec.verify", () => {
  test("absent: no rule", () => {
    expect(onlySubscription(compileText(ociRepository())).rules).toEqual([]);
  });

  test("keyless: the identities, with a log entry required", () => {
    const compiled = withVerify("{provider: cosign, matchOIDCIdentity: [{issuer: ^a$, subject: ^b$}]}");
    expect(onlyRule(compiled)).toMatchObject({
      origin: "object",
      identities: [{ issuer: "^a$", subject: "^b$" }],
      keys: [],
      transparencyLog: "required",
    });
    expect(problemsOf(compiled)).toEqual([]);
  });

  test("the rule's id follows its content", () => {
    const idOf = (subject: string): string | undefined =>
      onlyRule(withVerify(`{matchOIDCIdentity: [{issuer: ^a$, subject: ${subject}}]}`))?.id;
    expect(idOf("^b$")).toBe(idOf("^b$"));
    expect(idOf("^b$")).not.toBe(idOf("^c$"));
  });

  test("several identities stay, and Flux's own refusal of them is said", () => {
    const compiled = withVerify(
      "{matchOIDCIdentity: [{issuer: ^a$, subject: ^b$}, {issuer: ^a$, subject: ^c$}]}",
    );
    expect(onlyRule(compiled)?.identities).toHaveLength(2);
    expect(problemsOf(compiled)).toEqual(["verify-several-identities"]);
  });

  // Each of these must leave a rule that nothing satisfies: no rule at all would be no requirement.
  test.each<[string, string, string]>([
    ["no identity", "{provider: cosign}", "verify-no-identity"],
    ["an empty list", "{matchOIDCIdentity: []}", "verify-no-identity"],
    ["an empty subject", "{matchOIDCIdentity: [{issuer: ^a$, subject: ''}]}", "verify-empty-pattern"],
    ["an empty issuer", "{matchOIDCIdentity: [{issuer: '', subject: ^b$}]}", "verify-empty-pattern"],
    [
      "one bad pattern among good ones",
      "{matchOIDCIdentity: [{issuer: ^a$, subject: ^b$}, {issuer: ^a$, subject: '('}]}",
      "verify-pattern-invalid",
    ],
    ["notation", "{provider: notation, secretRef: {name: certs}}", "verify-notation"],
    ["an unknown provider", "{provider: other}", "verify-notation"],
    ["a Secret that is not there", "{secretRef: {name: none}}", "secret-unavailable"],
    ["a Secret without keys", "{secretRef: {name: empty}}", "verify-no-key"],
    ["a Secret whose key is no PEM", "{secretRef: {name: text}}", "verify-no-key"],
  ])("%s can never verify", (_, verify, code) => {
    const compiled = withVerify(verify, {
      "prod/apps/empty": { "cosign.key": PEM },
      "prod/apps/text": { "cosign.pub": "hello" },
    });
    expect(onlyRule(compiled)).toMatchObject({ identities: [], keys: [] });
    expect(problemsOf(compiled)).toEqual([code]);
  });

  test("keys: every *.pub of the Secret in the object's namespace, no log asked for", () => {
    const compiled = withVerify("{secretRef: {name: keys}}", {
      "prod/apps/keys": { "b.pub": OTHER_PEM, "a.pub": PEM, "a.key": "private" },
      "prod/other/keys": { "c.pub": PEM },
    });
    expect(onlyRule(compiled)).toMatchObject({
      identities: [],
      keys: [PEM, OTHER_PEM],
      transparencyLog: "none",
    });
  });

  test("keys win over identities and root, as with Flux", () => {
    const verify =
      "{secretRef: {name: keys}, trustedRootSecretRef: {name: r}, matchOIDCIdentity: [{issuer: a, subject: b}]}";
    const compiled = withVerify(verify, { "prod/apps/keys": { "a.pub": PEM } });
    expect(onlyRule(compiled)).toMatchObject({ identities: [], keys: [PEM] });
    expect(onlyRule(compiled)).not.toHaveProperty("trustedRoot");
    expect(problemsOf(compiled)).toEqual(["verify-ignored-field", "verify-ignored-field"]);
  });

  test("a trusted root of one's own is named, and its content kept", () => {
    const verify = "{trustedRootSecretRef: {name: root}, matchOIDCIdentity: [{issuer: ^a$, subject: ^b$}]}";
    const compiled = withVerify(verify, { "prod/apps/root": { "trusted_root.json": "{}" } });
    expect(onlyRule(compiled)?.trustedRoot).toBe("secret:prod/apps/root");
    expect(compiled.trustedRoots).toEqual({ "secret:prod/apps/root": "{}" });
  });

  test("one that is not there is named all the same, so that the default is not used in its place", () => {
    const verify = "{trustedRootSecretRef: {name: root}, matchOIDCIdentity: [{issuer: ^a$, subject: ^b$}]}";
    const compiled = withVerify(verify);
    expect(onlyRule(compiled)?.trustedRoot).toBe("secret:prod/apps/root");
    expect(compiled.trustedRoots).toEqual({});
    expect(problemsOf(compiled)).toEqual(["verify-trusted-root-missing"]);
  });
});

describe("Secrets among the manifests", () => {
  const secret = (body: string): string =>
    `apiVersion: v1\nkind: Secret\nmetadata: {name: keys, namespace: apps}\n${body}\n---\n`;
  const object = ociRepository("verify: {secretRef: {name: keys}}");

  test.each<[string, string]>([
    ["stringData", `stringData: {cosign.pub: ${JSON.stringify(PEM)}}`],
    ["data", `data: {cosign.pub: ${Buffer.from(PEM).toString("base64")}}`],
  ])("in clear, by %s, are used", (_, body) => {
    expect(onlyRule(compileText(secret(body) + object))?.keys).toEqual([PEM]);
  });

  test.each<[string, string]>([
    ["encrypted by SOPS", `stringData: {cosign.pub: ${JSON.stringify(PEM)}}\nsops: {version: 3.9.0}`],
    ["an encrypted value", "stringData: {cosign.pub: 'ENC[AES256_GCM,data:abc]'}"],
  ])("%s are not", (_, body) => {
    expect(onlyRule(compileText(secret(body) + object))?.keys).toEqual([]);
  });

  test("give way to what the caller resolves", () => {
    const text = secret(`stringData: {cosign.pub: ${JSON.stringify(PEM)}}`) + object;
    const compiled = compileText(text, { resolveSecret: () => encode({ "x.pub": OTHER_PEM }) });
    expect(onlyRule(compiled)?.keys).toEqual([OTHER_PEM]);
  });
});
