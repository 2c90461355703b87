import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { IDENTITY, NOW_MS, sigstore } from "../unit/signature/support.ts";
import { type CaseResult, runBundleVerify } from "./bundle-verify.ts";

/*
 * The runner itself, on a suite of three cases made here in the form of the public one. The public suite is run
 * from a checkout: npm run conformance -- CHECKOUT.
 */
const ARTIFACT = Buffer.from("an artifact\n");
const digestOf = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}` as const;

const signed = (artifact: Buffer): Buffer => {
  const { bundle } = sigstore.sign({
    registry: "registry.example",
    repository: "file",
    digest: digestOf(artifact),
    mediaType: "application/octet-stream",
    size: artifact.length,
    format: "bundle-rekor2",
    identity: IDENTITY,
    atMs: NOW_MS,
  });
  return Buffer.from(bundle?.bytes ?? []);
};

let suite: string;
let results: readonly CaseResult[];

const addCase = async (name: string, bundle: Buffer): Promise<void> => {
  const directory = join(suite, name);
  await mkdir(directory);
  await writeFile(join(directory, "bundle.sigstore.json"), bundle);
  await writeFile(join(directory, "trusted_root.json"), sigstore.trustedRootJson);
  await writeFile(join(directory, "identity"), `${IDENTITY.subject}\n`);
  await writeFile(join(directory, "issuer"), IDENTITY.issuer);
};

beforeAll(async () => {
  suite = await mkdtemp(join(tmpdir(), "suite-"));
  await writeFile(join(suite, "a.txt"), ARTIFACT);
  await addCase("good", signed(ARTIFACT));
  await addCase("other-artifact_fail", signed(Buffer.from("another artifact\n")));
  await addCase("good-under-a-wrong-name_fail", signed(ARTIFACT));
  results = await runBundleVerify(suite);
});

afterAll(() => rm(suite, { recursive: true, force: true }));

test("every case runs with the artifact and with its digest alone", () => {
  expect(results).toHaveLength(6);
});

test.each([
  ["good", "verified", true],
  ["other-artifact_fail", "payload-digest-mismatch", true],
  ["good-under-a-wrong-name_fail", "verified", false],
])("%s: %s", (name, outcome, right) => {
  for (const mode of ["PATH", "DIGEST"]) expect(results).toContainEqual({ name, mode, outcome, right });
});
