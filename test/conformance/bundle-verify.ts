import { createHash, createPublicKey } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { importKey } from "../../shared/signature/key/keys.ts";
import { publicGoodRoot } from "../../shared/signature/trust/public-good-root.ts";
import { parseTrustedRoot } from "../../shared/signature/trust/trusted-root.ts";
import { type Blob, type BlobPolicy, verifyBlob } from "../../shared/signature/verify-blob.ts";

/*
 * The bundle-verify cases of sigstore-conformance: one directory per case, named `*_fail` when the bundle must be
 * refused. Which files a case may hold is told in the suite's own README.
 */

const IDENTITY =
  "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const ISSUER = "https://token.actions.githubusercontent.com";

export interface CaseResult {
  readonly name: string;
  readonly mode: "PATH" | "DIGEST";
  readonly right: boolean;
  /** `verified`, a reason, or why the case could not even be set up. */
  readonly outcome: string;
}

/** The suite names identities literally; our rules are patterns. */
const literally = (text: string): string => `^\\Q${text}\\E$`;

const createReader = (directory: string) => ({
  bytes: (file: string): Buffer | undefined =>
    existsSync(join(directory, file)) ? readFileSync(join(directory, file)) : undefined,
});

const toPolicy = ({ bytes }: ReturnType<typeof createReader>): BlobPolicy => {
  const root = parseTrustedRoot(bytes("trusted_root.json") ?? publicGoodRoot());
  const pem = bytes("key.pub");
  if (pem === undefined) {
    const subject = literally(bytes("identity")?.toString().trim() ?? IDENTITY);
    const issuer = literally(bytes("issuer")?.toString().trim() ?? ISSUER);
    return { root, transparencyLog: "required", signer: { identities: [{ issuer, subject }] } };
  }
  const key = importKey(createPublicKey(pem).export({ format: "der", type: "spki" }));
  if (key === undefined) throw new Error("key.pub is of an unsupported kind");
  return { root, transparencyLog: "required", signer: { key } };
};

const runCase = async (suite: string, name: string, mode: CaseResult["mode"]): Promise<string> => {
  const reader = createReader(join(suite, name));
  const artifact = reader.bytes("artifact") ?? readFileSync(join(suite, "a.txt"));
  const blob: Blob =
    mode === "PATH" ? { bytes: artifact } : { sha256: createHash("sha256").update(artifact).digest() };
  const bundle = reader.bytes("bundle.sigstore.json");
  if (bundle === undefined) throw new Error(`${name} has no bundle`);
  try {
    const judgement = await verifyBlob(bundle, blob, toPolicy(reader));
    return judgement.verified ? "verified" : judgement.reason;
  } catch (error) {
    return error instanceof Error ? error.message : "failed";
  }
};

/** Runs every case of the suite twice: with the artifact's bytes and with its digest alone. */
export const runBundleVerify = async (suite: string): Promise<readonly CaseResult[]> => {
  const names = readdirSync(suite, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  const results: CaseResult[] = [];
  for (const name of names) {
    for (const mode of ["PATH", "DIGEST"] as const) {
      const outcome = await runCase(suite, name, mode);
      results.push({ name, mode, outcome, right: (outcome === "verified") !== name.endsWith("_fail") });
    }
  }
  return results;
};
