import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRegistry } from "oras-js/registry";
import { peerBinary } from "../interop/install/cache.ts";
import { publishToRegistry } from "../support/publish-to-registry.ts";
import { sign, sigstore } from "../unit/signature/support.ts";
import { createImage, IDENTITY } from "../unit/signature-corpus/world.ts";
import { median } from "./row.ts";

const IMAGE = createImage(0);
const REPOSITORY = "acme/app";

const runCosign = async (args: readonly string[], home: string): Promise<number> => {
  const start = performance.now();
  const env = { ...process.env, HOME: home, TUF_ROOT: join(home, "tuf") };
  const child = spawn(peerBinary("cosign"), args, { stdio: ["ignore", "ignore", "pipe"], env });
  const errors: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`cosign: ${Buffer.concat(errors)}`);
  return performance.now() - start;
};

/**
 * `cosign verify` on a bundle made by the same Sigstore, from a registry on loopback, a process each time;
 * undefined where the interop suite has not installed it.
 */
export const measureCosign = async (rounds: number): Promise<number | undefined> => {
  if (!existsSync(peerBinary("cosign"))) return undefined;
  // Nothing in this image has to be there: cosign looks at its digest alone.
  const registry = createRegistry({ checkReferences: false });
  const home = mkdtempSync(join(tmpdir(), "cosign-"));
  try {
    const host = await registry.listen();
    const base = `http://${host}/v2/${REPOSITORY}`;
    const artifact = { registry: host, repository: REPOSITORY, digest: IMAGE.digest };
    const described = { ...artifact, mediaType: IMAGE.mediaType, size: IMAGE.bytes.length };
    await publishToRegistry(base, IMAGE);
    await publishToRegistry(base, sign(described, { format: "bundle-rekor1" }).manifest);
    const root = join(home, "trusted_root.json");
    writeFileSync(root, sigstore.trustedRootJson);
    const args = [
      ...["verify", "--allow-http-registry", "--trusted-root", root],
      ...["--certificate-oidc-issuer", IDENTITY.issuer, "--certificate-identity", IDENTITY.subject],
      `${host}/${REPOSITORY}@${IMAGE.digest}`,
    ];
    await runCosign(args, home);
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) times.push(await runCosign(args, home));
    return median(times);
  } finally {
    await registry.close();
    rmSync(home, { recursive: true, force: true });
  }
};
