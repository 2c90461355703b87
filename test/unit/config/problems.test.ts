import { describe, expect, test } from "vitest";
import { formatProblem } from "../../../shared/config/problem.ts";
import { checkConfig, parseConfig } from "../../../shared/config.ts";
import { PipelineError } from "../../../shared/errors.ts";

const PLACE = { file: "sluice.yaml", baseFolder: "/etc/sluice" };
const BASE = "mode: observe\nclusters: [{name: a, manifests: {folder: x}}]\n";

const problemsOf = (text: string): readonly string[] => {
  const result = checkConfig(text, PLACE);
  return result.ok ? [] : result.problems.map(formatProblem);
};

describe("one line per problem, with file, line, key and the way to mend it", () => {
  test.each([
    ["", "sluice.yaml:1: is empty; start with `mode: observe`"],
    ["# only a comment\n", "sluice.yaml:1: is empty; start with `mode: observe`"],
    ["just text", "sluice.yaml:1: must be a mapping with keys such as mode, listen, state"],
    ["- mode", "sluice.yaml:1: must be a mapping of keys, not a list; remove the dash"],
    [`${BASE}mode: enforce\n`, "sluice.yaml:3: a key is written twice in one mapping; keep one of them"],
    [
      `${BASE}---\na: 1\n`,
      "sluice.yaml:3: has more than one YAML document; keep one (remove the `---` line)",
    ],
    [`${BASE}\tx: 1\n`, "sluice.yaml:3: a tab is used for indentation; use spaces"],
    [
      `${BASE}sweep: !!js/function x\n`,
      "sluice.yaml:3: a value begins with an exclamation mark, which makes it a tag; put quotes around it",
    ],
    [`${BASE}__proto__: {mode: enforce}\n`, "sluice.yaml:3: `__proto__` is not a known key; remove it"],
    [`${BASE}sweep: {constructor: 1}\n`, "sluice.yaml:3: `constructor` is not a known key; remove it"],
    [
      `${BASE}sweep: *nothing\n`,
      "sluice.yaml:1: uses YAML aliases that are unknown or too many; write the values out",
    ],
    [
      `${BASE}sweep: {interval: 5}\n`,
      "sluice.yaml:3: sweep.interval: must be a duration with its unit (ms, s, m, h, d); write e.g. 15m",
    ],
    [
      `${BASE}sweep: {interval: 1s}\n`,
      "sluice.yaml:3: sweep.interval: must be from 10s to 1d; write e.g. 15m",
    ],
    [
      `${BASE}sweep:\n  - 1\n`,
      "sluice.yaml:3: sweep: must be a mapping of keys, not a list; remove the dash",
    ],
    [
      `${BASE}sweep:\n`,
      "sluice.yaml:3: sweep: must be a mapping with keys such as interval, tagsMaxAge, requestBudget",
    ],
    [
      `${BASE}limits: {body: 10MB}\n`,
      "sluice.yaml:3: limits.body: must be a size with its unit (B, KiB, MiB, GiB); write e.g. 8MiB",
    ],
    [
      `${BASE}limits: {body: 1GiB}\n`,
      "sluice.yaml:3: limits.body: must be from 1KiB to 16MiB; write e.g. 8MiB",
    ],
    [
      `${BASE}endpoints: [{name: b, url: "http://b.example.com", secrets: [{env: K}]}]\n`,
      "sluice.yaml:3: endpoints[0].url: must be an https URL, or where one is kept; write e.g. https://deploy.example.com/hook",
    ],
    [
      `${BASE}endpoints: [{name: b, url: "https://b.example.com"}]\n`,
      "sluice.yaml:3: endpoints[0]: proves nothing to its endpoint; write secrets: [{env: NAME}] or an audience",
    ],
    [
      `${BASE}endpoints: [{name: b, url: "https://b.example.com", secrets: [{env: K}], clusters: [z]}]\n`,
      "sluice.yaml:3: endpoints[0].clusters[0]: names no entry of clusters",
    ],
    [
      `${BASE}identity: {issuer: "https://s.example.com"}\n`,
      /identity\.keys: is missing; write it: Private keys in PEM/,
    ],
    [
      "mode: observe\nclusters: [{name: a, manifests: {folder: x}, confirmation: {secrets: [{env: K}], path: /events/zot}}]\nsources: [{type: zot, secrets: [{env: S}]}]\n",
      "sluice.yaml:2: clusters[0].confirmation.path: is used twice; paths must differ",
    ],
    [
      "mode: observe\nclusters: [{name: a, manifests: {folder: x}, receiver: {baseUrl: 'https://f.example.com', token: {env: T}, previousSigningKey: {env: K}}}]\n",
      "sluice.yaml:2: clusters[0].receiver.previousSigningKey: has no `signingKey` that it precedes; call it signingKey",
    ],
    [
      "mode: observe\nclusters: [{name: a, manifests: {folder: x}, receiver: {baseUrl: 'http://f.example.com', token: {env: T}}}]\n",
      "sluice.yaml:2: clusters[0].receiver.baseUrl: would show tokens and hook paths to whoever is on the way; write https://…, or `allowPrivateAddresses: true` for a receiver inside your network",
    ],
    [`${BASE}listen: {prot: 80}\n`, "sluice.yaml:3: listen.prot: is not a known key; did you mean `port`?"],
    [`${BASE}listen: {port: 99999}\n`, "sluice.yaml:3: listen.port: must be a whole number from 0 to 65535"],
    [
      `${BASE}identities: []\n`,
      "sluice.yaml:3: identities: is not a known key; known here: mode, listen, state, catalog, clusters, sources, endpoints, identity, trustedRoots, rules, evidence, registries, network, sweep, limits",
    ],
    [
      `${BASE}sources: [{type: habor}]\n`,
      /^sluice\.yaml:3: sources\[0\]\.type: did you mean `harbor`\? It must be one of ecr, /,
    ],
    [
      `${BASE}sources: [{type: ghcr, header: x, secrets: [{env: A}]}]\n`,
      /^sluice\.yaml:3: sources\[0\]\.header: is not a known key; known here: type, name, /,
    ],
    [
      `${BASE}sources: [{type: harbor}]\n`,
      "sluice.yaml:3: sources[0]: proves nothing; write secrets: [{env: NAME}], or `unauthenticated: allow`",
    ],
    [
      `${BASE}sources: [{type: gar}]\n`,
      "sluice.yaml:3: sources[0]: proves nothing; write audience and email, or `unauthenticated: allow`",
    ],
    [
      `${BASE}sources: [{type: gar, audience: a}]\n`,
      "sluice.yaml:3: sources[0].email: is missing; any Google service account could post without it: write the push subscription's",
    ],
    [
      `${BASE}sources: [{type: acr-eventgrid, audience: a}]\n`,
      /^sluice\.yaml:3: sources\[0\]\.issuer: is missing; /,
    ],
    [
      `${BASE}sources:\n- {type: zot, secrets: [{env: A}]}\n- {type: zot, secrets: [{env: A}]}\n`,
      "sluice.yaml:5: sources[1].name: is used by another source; give this one a name of its own",
    ],
    [
      `${BASE}sources:\n- {type: zot, secrets: [{env: A}]}\n- {type: quay, path: /events/zot, secrets: [{env: A}]}\n`,
      "sluice.yaml:5: sources[1].path: is used by another source; paths must differ",
    ],
    [
      `${BASE}rules: [{repositories: a.example/x, identities: []}]\n`,
      /^sluice\.yaml:3: rules\[0\]\.identities: must not be empty; /,
    ],
    [
      `${BASE}rules: [{repositories: a.example/x}]\n`,
      "sluice.yaml:3: rules[0]: names nobody; write identities, keys or `unverified: allow`",
    ],
    [
      `${BASE}rules: [{repositories: a.example/x, keys: [a], identities: [{issuer: a, subject: b}]}]\n`,
      "sluice.yaml:3: rules[0].keys: stands beside identities; write two rules, both must hold then",
    ],
    [
      `${BASE}rules: [{repositories: a.example/x, keys: [a], unverified: allow}]\n`,
      "sluice.yaml:3: rules[0].unverified: contradicts identities and keys; remove one side",
    ],
    [
      `${BASE}rules: [{repositories: a.example/x, transparencyLog: none, identities: [{issuer: a, subject: b}]}]\n`,
      "sluice.yaml:3: rules[0].transparencyLog: may be none only with keys; write required or timestamp",
    ],
    [
      `${BASE}rules: [{repositories: a.example/x, keys: [a], trustedRoot: b}]\n`,
      "sluice.yaml:3: rules[0].trustedRoot: names no entry of trustedRoots; add it there, or use one of its names",
    ],
    [
      `${BASE}rules: [{repositories: a.example/x, identities: [{issuer: "(?=a)", subject: b}]}]\n`,
      /^sluice\.yaml:3: rules\[0\]\.identities\[0\]\.issuer: is not a Go RE2 pattern \(/,
    ],
    [
      `${BASE}rules: [{repositories: a.example/x, identities: [{issuer: "", subject: b}]}]\n`,
      /^sluice\.yaml:3: rules\[0\]\.identities\[0\]\.issuer: must be a regular expression \(Go RE2 syntax\), not empty; /,
    ],
    [
      `${BASE}rules: [{repositories: a.example/x, identities: [{issuer: a}]}]\n`,
      "sluice.yaml:3: rules[0].identities[0].subject: is missing; write it: Subject of the certificate, such as the workflow that signed.",
    ],
    [
      `${BASE}rules: [{repositories: a.example/x, identities: [{issuer: a, subject: b, claims: {sourceRepositoryURL: c}}]}]\n`,
      "sluice.yaml:3: rules[0].identities[0].claims.sourceRepositoryURL: is not a known key; did you mean `sourceRepositoryURI`?",
    ],
    [
      `${BASE}rules: [{repositories: "oci://a.example/x", unverified: allow}]\n`,
      /^sluice\.yaml:3: rules\[0\]\.repositories: must be a registry host, /,
    ],
    [
      `${BASE}registries: {"http://a.example": {}}\n`,
      /^sluice\.yaml:3: registries\["http:\/\/a\.example"\]: must be a registry host, /,
    ],
    [
      `${BASE}registries: {a.example: {credentials: {user: x}}}\n`,
      /^sluice\.yaml:3: registries\["a\.example"\]\.credentials: must be \{username: NAME, /,
    ],
    [
      `${BASE}network: {allowPrivate: [10.0.0.0/33]}\n`,
      "sluice.yaml:3: network.allowPrivate[0]: must be a network in CIDR form (prefix is 0 to 32); write e.g. 10.0.0.0/8 or fd00::/8",
    ],
    [
      `${BASE}network: {allowPrivate: [10.0.0.7/8]}\n`,
      "sluice.yaml:3: network.allowPrivate[0]: must be a network in CIDR form (bits beyond the prefix are set); write e.g. 10.0.0.0/8 or fd00::/8",
    ],
    [
      `${BASE}sources: [{type: gar, audience: a, email: b, issuer: https://i.example, keysUrl: http://i.example/keys}]\n`,
      "sluice.yaml:3: sources[0].keysUrl: must begin with https://, unless it is on this machine; write e.g. https://www.googleapis.com/oauth2/v3/certs",
    ],
    [
      `${BASE}sources: [{type: ghcr, secrets: [{env: A}], redelivery: {hook: "http://api.example/hooks/1", token: {env: B}}}]\n`,
      "sluice.yaml:3: sources[0].redelivery.hook: must begin with https://, unless it is on this machine; write e.g. https://api.github.com/orgs/acme/hooks/12345",
    ],
    [
      `${BASE}registries: {ghcr.io: {}, "GHCR.io:443": {plainHttp: true}}\n`,
      'sluice.yaml:3: registries["GHCR.io:443"]: names the registry of another entry, ghcr.io; keep one of them',
    ],
    ["mode: observe\n", "sluice.yaml:1: clusters: is missing; write it: The Flux clusters to serve."],
    [
      "clusters: [{name: a, manifests: {folder: x}}]\n",
      /^sluice\.yaml:1: mode: is missing; write it: observe: /,
    ],
    [
      "mode: enforce\nclusters:\n- name: a\n  manifests: {folder: x}\n",
      "sluice.yaml:3: clusters[0].receiver: is missing; enforce mode needs it: write {baseUrl: https://…, token: {env: NAME}}",
    ],
    [
      "mode: enforce\nclusters:\n- name: a\n  manifests: {folder: x}\n  receiver: {baseUrl: https://a}\n",
      "sluice.yaml:5: clusters[0].receiver.token: is missing; write token or tokens (generic-hmac) or audience (generic-oidc)",
    ],
    [
      "mode: observe\nclusters:\n- {name: a, manifests: {folder: x}}\n- {name: a, manifests: {folder: y}}\n",
      "sluice.yaml:4: clusters[1].name: is used by another cluster; names must differ",
    ],
    [
      "mode: observe\nclusters:\n- {name: a, manifests: {artifact: oci://a.example/m:x}}\n",
      "sluice.yaml:3: clusters[0].manifests: names nobody; write identities, keys or `unverified: allow`",
    ],
    [
      "mode: observe\nclusters:\n- {name: a, manifests: {git: x}}\n",
      /^sluice\.yaml:3: clusters\[0\]\.manifests: must say where the manifests are; /,
    ],
  ])("%j", (text, expected) => {
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    if (typeof expected === "string") expect(problems[0]).toBe(expected);
    else expect(problems[0]).toMatch(expected);
  });

  test.each([
    ["ftp://flux.example.com", "must be an http(s) URL; write e.g. https://flux.example.com"],
    ["flux.example.com", "must be an http(s) URL; write e.g. https://flux.example.com"],
    [
      "https://u:p@flux.example.com",
      "must not hold a user name or password; write e.g. https://flux.example.com",
    ],
    [
      "https://flux.example.com/?a=1",
      "must have no query and no fragment; write e.g. https://flux.example.com",
    ],
    [
      "https://flux.example.com/#a",
      "must have no query and no fragment; write e.g. https://flux.example.com",
    ],
  ])("receiver address %s", (baseUrl, message) => {
    const text = `mode: observe\nclusters:\n- name: a\n  manifests: {folder: x}\n  receiver:\n    token: {env: A}\n    baseUrl: "${baseUrl}"\n`;
    expect(problemsOf(text)).toEqual([`sluice.yaml:7: clusters[0].receiver.baseUrl: ${message}`]);
  });

  test("all are reported, in the order of the file", () => {
    const text = "sweeep: {}\nmode: maybe\nlisten: {port: x}\nclusters:\n- name: A\n  manifest: {}\n";
    expect(problemsOf(text).map((line) => line.split(": ").slice(0, 2).join(": "))).toEqual([
      "sluice.yaml:1: sweeep",
      "sluice.yaml:2: mode",
      "sluice.yaml:3: listen.port",
      "sluice.yaml:5: clusters[0].name",
      "sluice.yaml:6: clusters[0].manifest",
    ]);
  });
});

test("a key reached through an alias is located where it is written", () => {
  const text = `${BASE}trustedRoots: {a: &path ""}\nstate: {path: *path}\n`;
  expect(problemsOf(text).map((line) => line.split(": ")[0])).toEqual(["sluice.yaml:3", "sluice.yaml:4"]);
});

describe("a secret in the file is refused and never repeated", () => {
  const SECRET = "hunter2-correct-horse!";
  test.each([
    `receiver: {baseUrl: https://a, token: "${SECRET}"}`,
    `receiver: {baseUrl: https://a, token: {env: "${SECRET}"}}`,
    `receiver: {baseUrl: https://a, token: [${SECRET}]}`,
    `receiver: {baseUrl: https://a, token: {value: ${SECRET}}}`,
    `receiver: {baseUrl: "https://u:${SECRET}@a", token: {env: A}}`,
    `receiver: {baseUrl: https://a, token: {env: A}, tokens: {a/b: "${SECRET}"}}`,
    `receiver: {baseUrl: https://a, token: "${SECRET}`,
    `receiver: {baseUrl: https://a, token: @${SECRET}}`,
    `receiver: {baseUrl: https://a, token: {env: A}, signingKey: "${SECRET}"}`,
  ])("%s", (line) => {
    const problems = problemsOf(`mode: observe\nclusters:\n- name: a\n  manifests: {folder: x}\n  ${line}\n`);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join("\n")).not.toContain("hunter2");
  });
});

test("parseConfig throws CONFIG_INVALID with a line for each problem", () => {
  const parse = () =>
    parseConfig("mode: x\nlisten: 1\nclusters: [{name: a, manifests: {folder: x}}]\n", PLACE);
  expect(parse).toThrow(PipelineError);
  expect(parse).toThrow(
    expect.objectContaining({
      code: "CONFIG_INVALID",
      message:
        "sluice.yaml:1: mode: must be observe or enforce; start with observe\n" +
        "sluice.yaml:2: listen: must be a mapping with keys such as host, port",
    }),
  );
});
