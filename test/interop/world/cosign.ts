import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { peerBinary } from "../install/cache.ts";
import { type Finished, runToEnd } from "./command.ts";
import type { Sigstore } from "./sigstore.ts";
import type { World } from "./world.ts";

/** Who signs: the bearer of an OIDC token, or the holder of a key. */
export type Signer = { readonly token: string } | { readonly keyFile: string };

/** Who must have signed, in the words of cosign's own options. */
export type Expected = KeylessExpected | { readonly keyFile: string };

export interface KeylessExpected {
  readonly issuer: string;
  readonly subjectRegexp: string;
}

/** `bundle`: a referrer, v3's default. `legacy`: the tag `sha256-<hex>.sig` (or `.att`). */
export type Format = "bundle" | "legacy";

interface Subject {
  readonly format: Format;
  /** No entry in the transparency log, where the format would have one. */
  readonly withoutLog?: boolean;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Where the signature lives when not beside the artifact: `COSIGN_REPOSITORY`. */
  readonly signatureRepository?: string;
  /** Store a legacy signature as a referrer instead of under a tag. */
  readonly asReferrer?: boolean;
  /** For attestations: cosign's `--type`. */
  readonly type?: string;
}

export interface SignOptions extends Subject {
  readonly by: Signer;
  /** The index and each platform's image. */
  readonly recursive?: boolean;
}

export interface VerifyOptions extends Subject {
  readonly expect: Expected;
  /** Insist on a log entry even where this way of signing makes none. */
  readonly requireLog?: boolean;
}

export interface KeyPair {
  readonly privateKeyFile: string;
  readonly publicKeyFile: string;
}

export interface Verified {
  readonly verified: boolean;
  /** cosign's own words. */
  readonly output: string;
}

export interface Cosign {
  readonly version: 2 | 3;
  generateKeyPair(name: string): Promise<KeyPair>;
  sign(reference: string, options: SignOptions): Promise<void>;
  attest(reference: string, predicate: unknown, options: SignOptions): Promise<void>;
  verify(reference: string, options: VerifyOptions): Promise<Verified>;
  verifyAttestation(reference: string, options: VerifyOptions): Promise<Verified>;
}

const signerArgs = (by: Signer): readonly string[] =>
  "token" in by ? [`--identity-token=${by.token}`] : [`--key=${by.keyFile}`];

const annotationArgs = ({ annotations = {} }: Subject): readonly string[] =>
  Object.entries(annotations).map(([name, value]) => `--annotations=${name}=${value}`);

const typeArgs = ({ type }: Subject): readonly string[] => (type === undefined ? [] : [`--type=${type}`]);

/**
 * Only v3's bundles can be logged here: Rekor v2 takes no other kind of entry, and there is no Rekor v1. The
 * rest carries a signed timestamp alone, or, in the legacy format with a key, nothing.
 */
export const isLogged = (version: 2 | 3, { format, withoutLog }: Subject): boolean =>
  version === 3 && format === "bundle" && withoutLog !== true;

const storageArgs = (version: 2 | 3, sigstore: Sigstore, options: SignOptions): readonly string[] => {
  const root = `--trusted-root=${sigstore.trustedRootFile}`;
  if (options.format === "bundle") {
    const { signingConfigFile, unloggedSigningConfigFile } = sigstore;
    const config = isLogged(version, options) ? signingConfigFile : unloggedSigningConfigFile;
    return [...(version === 2 ? ["--new-bundle-format"] : []), `--signing-config=${config}`, root];
  }
  return [
    "--new-bundle-format=false",
    "--tlog-upload=false",
    ...(version === 3 ? ["--use-signing-config=false"] : []),
    ...("token" in options.by
      ? [root, `--fulcio-url=${sigstore.fulcioUrl}`, `--timestamp-server-url=${sigstore.timestampUrl}`]
      : []),
  ];
};

const expectedArgs = (expect: Expected): readonly string[] =>
  "keyFile" in expect
    ? [`--key=${expect.keyFile}`]
    : [`--certificate-oidc-issuer=${expect.issuer}`, `--certificate-identity-regexp=${expect.subjectRegexp}`];

const judgeArgs = (version: 2 | 3, sigstore: Sigstore, options: VerifyOptions): readonly string[] => {
  const root = `--trusted-root=${sigstore.trustedRootFile}`;
  const unlogged = options.requireLog || isLogged(version, options) ? [] : ["--insecure-ignore-tlog"];
  const timestamped = [root, "--use-signed-timestamps"];
  if (options.format === "bundle") {
    const format = version === 2 ? ["--new-bundle-format"] : [];
    return [...format, ...(unlogged.length > 0 ? timestamped : [root]), ...unlogged];
  }
  return ["--new-bundle-format=false", ...unlogged, ...("keyFile" in options.expect ? [] : timestamped)];
};

const toVerified = ({ code, output }: Finished): Verified => ({ verified: code === 0, output });

const mustWork = async (what: string, finished: Promise<Finished>): Promise<void> => {
  const { code, output } = await finished;
  if (code !== 0) throw new Error(`cosign ${what} ended with ${code}:\n${output}`);
};

/** The real cosign, of either generation, with a home of its own in the world's folder. */
export const createCosign = async (
  world: World,
  version: 2 | 3,
  sigstore: Sigstore,
  name = `cosign-${version}`,
): Promise<Cosign> => {
  const home = join(world.folder, name);
  await mkdir(home, { recursive: true });
  const binary = peerBinary(version === 3 ? "cosign" : "cosign-2", "cosign");
  const env = { HOME: home, TUF_ROOT: join(home, "tuf"), DOCKER_CONFIG: home, COSIGN_PASSWORD: "" };
  const cosign = (args: readonly string[], options: Partial<Subject> = {}) => {
    const { signatureRepository, asReferrer } = options;
    const elsewhere = signatureRepository === undefined ? {} : { COSIGN_REPOSITORY: signatureRepository };
    const experimental = asReferrer ? { COSIGN_EXPERIMENTAL: "1" } : {};
    return runToEnd(binary, args, { cwd: home, env: { ...env, ...elsewhere, ...experimental } });
  };
  let predicates = 0;
  return {
    version,
    async generateKeyPair(name) {
      await mustWork("generate-key-pair", cosign(["generate-key-pair", `--output-key-prefix=${name}`]));
      return { privateKeyFile: join(home, `${name}.key`), publicKeyFile: join(home, `${name}.pub`) };
    },
    sign: (reference, options) =>
      mustWork(
        "sign",
        cosign(
          [
            "sign",
            "--yes",
            "--allow-http-registry",
            ...storageArgs(version, sigstore, options),
            ...signerArgs(options.by),
            ...annotationArgs(options),
            ...(options.recursive ? ["--recursive"] : []),
            ...(options.asReferrer ? ["--registry-referrers-mode=oci-1-1"] : []),
            reference,
          ],
          options,
        ),
      ),
    async attest(reference, predicate, options) {
      predicates += 1;
      const file = join(home, `predicate-${predicates}.json`);
      await writeFile(file, JSON.stringify(predicate));
      await mustWork(
        "attest",
        cosign([
          "attest",
          "--yes",
          "--allow-http-registry",
          ...storageArgs(version, sigstore, options),
          ...signerArgs(options.by),
          ...typeArgs(options),
          `--predicate=${file}`,
          reference,
        ]),
      );
    },
    verify: async (reference, options) =>
      toVerified(
        await cosign(
          [
            "verify",
            "--allow-http-registry",
            ...judgeArgs(version, sigstore, options),
            ...expectedArgs(options.expect),
            ...annotationArgs(options),
            ...(options.asReferrer ? ["--experimental-oci11"] : []),
            reference,
          ],
          options,
        ),
      ),
    verifyAttestation: async (reference, options) =>
      toVerified(
        await cosign([
          "verify-attestation",
          "--allow-http-registry",
          ...judgeArgs(version, sigstore, options),
          ...expectedArgs(options.expect),
          ...typeArgs(options),
          reference,
        ]),
      ),
  };
};
