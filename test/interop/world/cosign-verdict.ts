import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { IdentityRule, VerifyRule } from "../../../shared/ports.ts";
import type { Scenario } from "../../unit/signature-corpus/corpus-case.ts";
import { peerBinary } from "../install/cache.ts";
import { runToEnd } from "./command.ts";

/** Where a scenario was published, and where files for cosign can be put. */
export interface Published {
  readonly folder: string;
  readonly host: string;
  /** What stands before the scenario's own repositories. */
  readonly prefix: string;
}

/** cosign takes one identity or key; a rule with several is asked once for each. */
type Who = { readonly identity: IdentityRule } | { readonly keyFile: string };

const everyWho = async (
  { identities, keys }: VerifyRule,
  { folder, prefix }: Published,
): Promise<readonly Who[]> => {
  const keyFiles = keys.map(async (pem, index) => {
    const keyFile = join(folder, `${prefix}-${index}.pub`);
    await writeFile(keyFile, pem);
    return { keyFile };
  });
  return [...identities.map((identity) => ({ identity })), ...(await Promise.all(keyFiles))];
};

const whoArgs = (who: Who): readonly string[] =>
  "keyFile" in who
    ? [`--key=${who.keyFile}`]
    : [
        `--certificate-oidc-issuer-regexp=${who.identity.issuer}`,
        `--certificate-identity-regexp=${who.identity.subject}`,
      ];

const LOG_ARGS = {
  required: [],
  timestamp: ["--insecure-ignore-tlog", "--use-signed-timestamps"],
  none: ["--insecure-ignore-tlog"],
} as const;

/** Whether the rule can be put to cosign at all: it has no patterns for a certificate's further claims. */
export const canAsk = ({ identities }: VerifyRule): boolean =>
  identities.every(({ claims }) => claims === undefined);

/** The word of the real cosign on what was published for the scenario. */
export const askCosign = async (scenario: Scenario, published: Published): Promise<boolean> => {
  const { rule, request, artifact, trustedRootJson } = scenario;
  const { folder, host, prefix } = published;
  const root = join(folder, `${prefix}-root.json`);
  await writeFile(root, trustedRootJson);
  const { predicateType: type, signatureRepository: elsewhere } = rule;
  const env = {
    HOME: folder,
    TUF_ROOT: join(folder, "tuf"),
    ...(elsewhere === undefined ? {} : { COSIGN_REPOSITORY: `${host}/${prefix}/${elsewhere.repository}` }),
    ...(request.format === "legacy-referrer" ? { COSIGN_EXPERIMENTAL: "1" } : {}),
  };
  for (const who of await everyWho(rule, published)) {
    const args = [
      ...(type === undefined ? ["verify"] : ["verify-attestation", `--type=${type}`]),
      ...["--allow-http-registry", `--trusted-root=${root}`],
      ...(request.format === "legacy-referrer" ? ["--experimental-oci11"] : []),
      ...LOG_ARGS[rule.transparencyLog],
      ...whoArgs(who),
      `${host}/${prefix}/${artifact.repository}@${artifact.digest}`,
    ];
    const { code } = await runToEnd(peerBinary("cosign"), args, { cwd: folder, env });
    if (code === 0) return true;
  }
  return false;
};
