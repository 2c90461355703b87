import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bundle, createVerifier, type VerifyOptions } from "sigstore";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SignRequest } from "../../../functions/local/playground/sigstore/sign-request.ts";
import { createTufTrustedRoot } from "../../../shared/adapters/node/tuf-trusted-root.ts";
import type { VerifyRule } from "../../../shared/ports.ts";
import { parseTrustedRoot } from "../../../shared/signature/trust/trusted-root.ts";
import { createFixedRoots } from "../../../shared/signature/trust/trusted-root-source.ts";
import { createVerifier as createOurs } from "../../../shared/signature/verifier.ts";
import { createMemoryRegistry } from "../../support/memory-registry.ts";
import { createTufRepository, type TufRepository, writeRoot } from "../../support/tuf-repository.ts";
import { set, tamper } from "../signature-corpus/edit.ts";
import {
  createKeyPair,
  IDENTITY,
  IDENTITY_RULE,
  NOW_MS,
  nextArtifact,
  REPOSITORY,
  sign,
  sigstore,
} from "./support.ts";

/*
 * The Sigstore client of npm, whole: it and ours get the trusted root from one TUF repository, each by itself, and
 * judge the same bundles.
 */
let folder: string;
let repository: TufRepository;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "client-"));
  repository = await createTufRepository();
  await writeRoot(join(folder, "root.json"), repository);
  repository.publish(sigstore.trustedRootJson, 4);
});

afterAll(async () => {
  await repository.close();
  await rm(folder, { recursive: true, force: true });
});

const tuf = (cache: string) => ({ cachePath: join(folder, cache), rootPath: join(folder, "root.json") });

const askClient = async (bytes: Uint8Array, options: VerifyOptions): Promise<boolean> => {
  const { cachePath, rootPath } = tuf("client");
  const tufOptions = { tufMirrorURL: repository.url, tufRootPath: rootPath, tufCachePath: cachePath };
  const verifier = await createVerifier({ ...tufOptions, ...options });
  try {
    verifier.verify(JSON.parse(Buffer.from(bytes).toString()) as Bundle);
    return true;
  } catch {
    return false;
  }
};

const createOwnRoots = async () => {
  const roots = await createTufTrustedRoot({
    ...tuf("ours"),
    mirrorUrl: repository.url,
    timeoutMs: 2000,
    shipped: { bytes: Buffer.from("{}"), version: 1 },
    check: (bytes) => {
      parseTrustedRoot(bytes);
    },
    named: createFixedRoots(Buffer.alloc(0)),
  });
  await roots.refresh();
  return roots;
};

const KEY = createKeyPair("p256");
const BY_IDENTITY: VerifyOptions = {
  certificateIssuer: IDENTITY.issuer,
  certificateIdentityURI: IDENTITY.subject,
};
const BY_KEY: VerifyOptions = { keySelector: () => KEY.publicPem };
const KEY_RULE: VerifyRule = {
  ...IDENTITY_RULE,
  identities: [],
  keys: [KEY.publicPem],
  transparencyLog: "required",
};
const NOBODY: VerifyRule = { ...IDENTITY_RULE, identities: [{ issuer: "^nobody$", subject: "^nobody$" }] };

type Request = Pick<SignRequest, "format"> & Partial<SignRequest>;
const wrongSignature = tamper({
  bundle: (bundle) => set(bundle, ["dsseEnvelope", "signatures", 0, "sig"], "MAYCAQECAQE="),
});

describe.each(["bundle-rekor1", "bundle-rekor2"] as const)("a bundle (%s)", (format) => {
  test.each<[string, Omit<Request, "format">, VerifyOptions, VerifyRule, boolean]>([
    ["by the identity asked for", {}, BY_IDENTITY, IDENTITY_RULE, true],
    ["by another identity", {}, { ...BY_IDENTITY, certificateIssuer: "nobody" }, NOBODY, false],
    ["by the key asked for", { key: KEY, timestamp: true }, BY_KEY, KEY_RULE, true],
    ["by another key", { key: createKeyPair("p256"), timestamp: true }, BY_KEY, KEY_RULE, false],
    ["with a wrong signature", { steps: wrongSignature }, BY_IDENTITY, IDENTITY_RULE, false],
    ["without a log entry", { log: false, timestamp: true }, BY_IDENTITY, IDENTITY_RULE, false],
    [
      "with a proof that does not fit",
      {
        steps: {
          entry: (entry) => {
            const { inclusionProof: proof } = entry;
            return proof === undefined ? entry : { ...entry, inclusionProof: { ...proof, hashes: [] } };
          },
        },
      },
      BY_IDENTITY,
      IDENTITY_RULE,
      false,
    ],
  ])("%s", async (_, request, options, rule, expected) => {
    const artifact = nextArtifact();
    const { bundle, manifest } = sign(artifact, { format, ...request });
    const registry = createMemoryRegistry();
    registry.push(REPOSITORY, manifest);
    const ours = createOurs({ registry, trustedRoots: await createOwnRoots(), nowMs: () => NOW_MS });
    const name = { ...REPOSITORY, digest: artifact.digest };
    const { strict } = await ours.verify(name, rule, new AbortController().signal);
    expect({
      ours: strict.verified,
      client: await askClient(bundle?.bytes ?? Buffer.alloc(0), options),
    }).toEqual({
      ours: expected,
      client: expected,
    });
  });
});
