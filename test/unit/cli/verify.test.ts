import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "oras-js";
import { createRegistry, type Registry } from "oras-js/registry";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PushedArtifact, pushArtifact } from "../../../functions/local/playground/artifacts.ts";
import { githubIdentity } from "../../../functions/local/playground/sigstore/identity.ts";
import { createKeyPair } from "../../../functions/local/playground/sigstore/keys.ts";
import { createLocalSigstore } from "../../../functions/local/playground/sigstore/local-sigstore.ts";
import type { SignRequest } from "../../../functions/local/playground/sigstore/sign-request.ts";
import { createVerifyPorts } from "../../../functions/local/verify-ports.ts";
import { createVerifyCommand } from "../../../shared/cli/commands/verify.ts";
import { runSluice } from "../../support/cli.ts";

const ISSUER = "^https://token\\.actions\\.githubusercontent\\.com$";
const SUBJECT = "^https://github\\.com/acme/app/\\.github/workflows/release\\.yaml@refs/tags/v";
const KEYLESS = ["--issuer", ISSUER, "--subject", SUBJECT, "--trusted-root", "root.json"];
const IDENTITY = githubIdentity({ repository: "acme/app", ref: "refs/tags/v1.4.2" });

const sigstore = createLocalSigstore({ nowMs: Date.now });
const [key, otherKey] = [createKeyPair("p256"), createKeyPair("ed25519")];

let folder = "";
let host = "";
let registry: Registry;
let client: Client;

const push = async (name: string, sign?: Partial<SignRequest>): Promise<PushedArtifact> => {
  const repository = { registry: host, repository: `acme/${name}` };
  const artifact = await pushArtifact(client, repository, name);
  const { digest, mediaType, bytes } = artifact;
  await client.pushManifest(repository, artifact, { tag: "1.4.2" });
  if (sign === undefined) return artifact;
  const { manifest } = sigstore.sign({
    ...repository,
    digest,
    mediaType,
    size: bytes.length,
    format: "bundle-rekor2",
    ...(sign.key === undefined ? { identity: IDENTITY } : {}),
    ...sign,
  });
  for (const blob of manifest.blobs) await client.pushBlob(repository, blob.bytes);
  const tag = manifest.tag === undefined ? {} : { tag: manifest.tag };
  await client.pushManifest(repository, manifest, tag);
  return artifact;
};

const verify = (...argv: readonly string[]) =>
  runSluice(["verify", ...argv], {
    commands: [createVerifyCommand(createVerifyPorts({ DOCKER_CONFIG: folder, PASSWORD: "pw" }))],
    cwd: folder,
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-verify-"));
  registry = createRegistry();
  host = await registry.listen();
  client = createClient({ plainHttp: () => true });
  await writeFile(join(folder, "root.json"), sigstore.trustedRootJson);
  await writeFile(join(folder, "cosign.pub"), key.publicPem);
  await writeFile(join(folder, "other.pub"), otherKey.publicPem);
  await writeFile(join(folder, "broken.pub"), "not a key");
});

afterAll(async () => {
  await registry.close();
  await rm(folder, { recursive: true });
});

describe("verified: exit code 0", () => {
  test("keyless: JSON names the artifact by digest, the identity and the evidence", async () => {
    const { digest } = await push("keyless", {});
    const { code, stdout, stderr } = await verify(
      `${host}/acme/keyless:1.4.2`,
      ...KEYLESS,
      "--plain-http",
      "--json",
    );
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toEqual({
      artifact: `${host}/acme/keyless@${digest}`,
      verdict: "verified",
      reason: null,
      identity: { issuer: IDENTITY.issuer, subject: IDENTITY.subject },
      evidence: [{ kind: "bundle", digest: expect.stringMatching(/^sha256:/), outcome: "verified" }],
      mode: "strict",
      differences: [],
    });
  });

  test("people are told who signed", async () => {
    const { digest } = await push("people", {});
    const { code, stdout } = await verify(`${host}/acme/people@${digest}`, ...KEYLESS);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      new RegExp(
        `^verified  ${host}/acme/people@${digest}\nsubject  https://github\\.com/acme/app/.*\nissuer   https://token.*\n\nEVIDENCE  DIGEST .*\nbundle    sha256:[0-9a-f]{64}  verified\n$`,
      ),
    );
  });

  test.each([
    ["legacy", { format: "legacy" }, KEYLESS],
    ["rekor1", { format: "bundle-rekor1" }, KEYLESS],
    ["keyed", { key }, ["--key", "cosign.pub"]],
    ["keyed-legacy", { key, format: "legacy" }, ["--key", "cosign.pub"]],
    ["several-keys", { key }, ["--key", "other.pub", "--key", "cosign.pub"]],
    ["alternatives", {}, ["--issuer", "x", "--subject", "x", ...KEYLESS]],
    ["claims", {}, [...KEYLESS, "--claim", "sourceRepositoryURI=^https://github\\.com/acme/app$"]],
    ["oci-scheme", {}, KEYLESS],
  ] as const)("%s", async (name, sign, options) => {
    await push(name, sign);
    const reference = `${name === "oci-scheme" ? "oci://" : ""}${host}/acme/${name}:1.4.2`;
    expect(await verify(reference, ...options)).toMatchObject({ code: 0, stderr: "" });
  });

  test("signatures may lie in another repository", async () => {
    const artifact = await push("elsewhere");
    const { digest, mediaType, bytes } = artifact;
    const request = { ...artifact.repository, digest, mediaType, size: bytes.length };
    const { manifest } = sigstore.sign({ ...request, format: "legacy", identity: IDENTITY });
    const signatures = { registry: host, repository: "acme/signatures" };
    for (const blob of manifest.blobs) await client.pushBlob(signatures, blob.bytes);
    await client.pushManifest(signatures, manifest, manifest.tag === undefined ? {} : { tag: manifest.tag });
    const reference = `${host}/acme/elsewhere:1.4.2`;
    expect((await verify(reference, ...KEYLESS)).code).toBe(1);
    const options = ["--signature-repository", `${host}/acme/signatures`];
    expect((await verify(reference, ...KEYLESS, ...options)).code).toBe(0);
  });
});

describe("not verified: exit code 1 and a stable reason", () => {
  test.each([
    ["unsigned", undefined, KEYLESS, "unsigned"],
    [
      "other-subject",
      {},
      ["--issuer", ISSUER, "--subject", "^x$", "--trusted-root", "root.json"],
      "identity-mismatch",
    ],
    ["other-claim", {}, [...KEYLESS, "--claim", "sourceRepositoryURI=^x$"], "claim-mismatch"],
    [
      "public-root",
      {},
      ["--issuer", ISSUER, "--subject", SUBJECT],
      expect.stringMatching(/untrusted|unknown/),
    ],
    ["other-key", { key }, ["--key", "other.pub"], "key-mismatch"],
    ["no-log", { format: "legacy", log: false, timestamp: true }, KEYLESS, "no-transparency-log"],
  ] as const)("%s", async (name, sign, options, reason) => {
    await push(name, sign);
    const { code, stdout, stderr } = await verify(`${host}/acme/${name}:1.4.2`, ...options, "--json");
    expect([code, stderr]).toEqual([1, ""]);
    expect(JSON.parse(stdout)).toMatchObject({ verdict: "rejected", reason, identity: null });
  });

  test("a signature without a log entry counts once a timestamp is said to be enough", async () => {
    await push("timestamp", { format: "legacy", log: false, timestamp: true });
    const reference = `${host}/acme/timestamp:1.4.2`;
    expect((await verify(reference, ...KEYLESS)).code).toBe(1);
    expect((await verify(reference, ...KEYLESS, "--transparency-log", "timestamp")).code).toBe(0);
  });

  test("people are told why, in a sentence", async () => {
    await push("why");
    expect((await verify(`${host}/acme/why:1.4.2`, ...KEYLESS)).stdout).toContain(
      "reason  unsigned: No signature was found for this digest.\n",
    );
  });

  test("parity mode answers as Flux would, and each side names the difference", async () => {
    await push("parity", {});
    const two = ["--issuer", "^x$", "--subject", "^x$", ...KEYLESS];
    const reference = `${host}/acme/parity:1.4.2`;
    const strict = await verify(reference, ...two, "--json");
    const parity = await verify(reference, ...two, "--mode", "parity", "--json");
    expect([strict.code, parity.code]).toEqual([0, 1]);
    expect(JSON.parse(parity.stdout)).toMatchObject({ reason: "flux-multiple-identities", mode: "parity" });
    expect(JSON.parse(strict.stdout).differences.length).toBeGreaterThan(0);
  });
});

describe("could not decide, or asked wrongly: exit code 2", () => {
  test.each([
    ["no rule", [], "USAGE", "say who must have signed: --issuer RE --subject RE, or --key FILE"],
    ["half a pair", ["--issuer", "a"], "USAGE", /^each --issuer needs a --subject/],
    ["an empty pattern", ["--issuer", "", "--subject", "a"], "USAGE", /^--issuer is empty/],
    ["no RE2 pattern", ["--issuer", "a", "--subject", "(?=a)"], "USAGE", /^--subject \(\?=a\): not a Go RE2/],
    ["both kinds", ["--key", "cosign.pub", ...KEYLESS], "USAGE", /exclude each other/],
    ["no log for identities", [...KEYLESS, "--transparency-log", "none"], "USAGE", /only for --key/],
    ["an unknown mode", [...KEYLESS, "--mode", "loose"], "USAGE", /write strict or parity/],
    ["a bare timeout", [...KEYLESS, "--timeout", "30"], "USAGE", /number with its unit/],
    ["an absent key", ["--key", "none.pub"], "USAGE", "--key none.pub: no such file"],
    ["an absent root", [...KEYLESS, "--trusted-root", "none.json"], "USAGE", /none\.json: no such file/],
    ["a broken key", ["--key", "broken.pub"], "USAGE", /^--key broken\.pub: holds no public key in PEM/],
    ["a claim that nobody makes", [...KEYLESS, "--claim", "color=red"], "rule-claim-unknown", /^rule-claim/],
    [
      "a broken root",
      [...KEYLESS, "--trusted-root", "cosign.pub"],
      "TRUST_ROOT_INVALID",
      /^--trusted-root cosign\.pub: is no /,
    ],
  ] as const)("%s", async (_, options, code, message) => {
    await push("asked", {});
    const run = await verify(`${host}/acme/asked:1.4.2`, ...options, "--json");
    const { error } = JSON.parse(run.stdout);
    expect([run.code, error.code]).toEqual([2, code]);
    if (typeof message === "string") expect(error.message).toBe(message);
    else expect(error.message).toMatch(message);
  });

  test.each([
    ["a reference that is none", "UPPER CASE", "USAGE"],
    ["a scheme", "https://ghcr.io/acme/app", "USAGE"],
    ["sha512", `ghcr.io/acme/app@sha512:${"0".repeat(128)}`, "USAGE"],
    ["a registry out of reach", "127.0.0.1:1/acme/app:1", "REGISTRY_UNAVAILABLE"],
  ])("%s", async (_, reference, code) => {
    const run = await verify(reference, ...KEYLESS, "--json");
    expect([run.code, JSON.parse(run.stdout).error.code]).toEqual([2, code]);
  });

  test("a tag that does not exist is no verdict", async () => {
    const run = await verify(`${host}/acme/nothing:9`, ...KEYLESS);
    expect(run).toEqual({ code: 2, stdout: "", stderr: `sluice: ${host}/acme/nothing has no tag 9\n` });
  });

  test("metadata services are out of reach even for a person", async () => {
    const run = await verify("169.254.169.254/acme/app:1", ...KEYLESS, "--plain-http");
    expect([run.code, run.stdout]).toEqual([2, ""]);
  });
});

describe("credentials", () => {
  const withRegistry = async (work: (host: string) => Promise<void>): Promise<void> => {
    const locked = createRegistry({ auth: { kind: "basic", users: { robot: "pw" } } });
    try {
      await work(await locked.listen());
    } finally {
      await locked.close();
    }
  };

  test("come from docker's config.json, or from --config", async () => {
    await withRegistry(async (locked) => {
      const reference = `${locked}/acme/app:1`;
      expect((await verify(reference, ...KEYLESS)).stderr).toMatch(/401|denied|credentials|unauthorized/i);
      await writeFile(
        join(folder, "locked.yaml"),
        `mode: observe\nclusters: [{name: a, manifests: {folder: x}}]\nregistries: {"${locked}": {plainHttp: true, allowPrivateAddresses: true, credentials: {username: robot, password: {env: PASSWORD}}}}\n`,
      );
      const absent = `sluice: ${locked}/acme/app has no tag 1\n`;
      expect((await verify(reference, ...KEYLESS, "--config", "locked.yaml")).stderr).toBe(absent);
      const auth = Buffer.from("robot:pw").toString("base64");
      await writeFile(join(folder, "config.json"), JSON.stringify({ auths: { [locked]: { auth } } }));
      expect((await verify(reference, ...KEYLESS)).stderr).toBe(absent);
      await writeFile(join(folder, "config.json"), "{");
      expect(await verify(reference, ...KEYLESS)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/^sluice: docker's config\.json in .*\n$/),
      });
      await rm(join(folder, "config.json"));
    });
  });

  test("a wrong --config is reported line by line", async () => {
    await writeFile(join(folder, "wrong.yaml"), "mode: x\n");
    const run = await verify("ghcr.io/a/b:1", ...KEYLESS, "--config", "wrong.yaml");
    expect(run.stderr).toMatch(/^sluice: wrong\.yaml:1: clusters: .*\nsluice: wrong\.yaml:1: mode: .*\n$/);
  });
});
