import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { checkConfig } from "../../shared/config.ts";

const check = (text: string) => checkConfig(text, { file: "f.yaml", baseFolder: "/" });

const VALID = {
  mode: "enforce",
  clusters: [
    {
      name: "a",
      manifests: { folder: "x" },
      receiver: { baseUrl: "https://flux.example.com", token: { env: "TOKEN" } },
    },
  ],
  sources: [{ type: "harbor", secrets: [{ env: "HARBOR" }] }],
  rules: [{ repositories: "ghcr.io/acme/**", identities: [{ issuer: "^a$", subject: "^b$" }] }],
  evidence: { deadline: "10m" },
};

test("any text ends in a configuration or in problems with a line, never in a throw", () => {
  const yamlish = fc.array(
    fc.constantFrom(
      "a",
      ":",
      " ",
      "\n",
      "- ",
      "[",
      "]",
      "{",
      "}",
      "&a",
      "*a",
      "!!x",
      "|",
      '"',
      "#",
      "---",
      "\t",
      "mode: observe",
      "clusters",
    ),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary" }),
        yamlish.map((parts) => parts.join("")),
      ),
      (text) => {
        const result = check(text);
        if (!result.ok) expect(result.problems.every(({ line }) => line >= 1)).toBe(true);
      },
    ),
  );
});

test("any YAML value in place of any setting ends in a configuration or in problems", () => {
  const paths = fc.constantFrom(
    ...Object.keys(VALID),
    "clusters.0.manifests",
    "clusters.0.receiver",
    "clusters.0.receiver.token",
    "sources.0",
    "sources.0.secrets",
    "rules.0.repositories",
    "rules.0.identities.0",
  );
  const put = (target: unknown, [head, ...rest]: readonly string[], value: unknown): unknown => {
    if (head === undefined) return value;
    const copy: unknown = structuredClone(target);
    if (typeof copy === "object" && copy !== null)
      Reflect.set(copy, head, put(Reflect.get(copy, head), rest, value));
    return copy;
  };
  fc.assert(
    fc.property(paths, fc.jsonValue(), (path, value) => {
      const result = check(stringify(put(VALID, path.split("."), value)));
      if (!result.ok) expect(result.problems.length).toBeGreaterThan(0);
    }),
  );
  expect(check(stringify(VALID)).ok).toBe(true);
});

test("no pasted secret comes back in a problem", () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9!@#%^+=/]{16,40}$/).map((text) => `s3cr${text}`);
  const shape = fc.constantFrom(
    (value: string): unknown => value,
    (value: string): unknown => [value],
    (value: string): unknown => ({ env: `${value}!` }),
    (value: string): unknown => ({ value }),
  );
  fc.assert(
    fc.property(secret, shape, (value, write) => {
      const receiver = { baseUrl: "https://flux.example.com", token: write(value) };
      const result = check(stringify({ ...VALID, clusters: [{ ...VALID.clusters[0], receiver }] }));
      expect(result.ok).toBe(false);
      expect(JSON.stringify(result)).not.toContain(value);
    }),
  );
});
