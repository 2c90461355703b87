import type { Sluice } from "./sluice.ts";

export interface PrintedFor {
  readonly sluice: Sluice;
  readonly configFile: string;
  /** Where the cluster reaches Sluice. */
  readonly address: string;
  readonly hmacNamespace: string;
  readonly oidcNamespace: string;
  /** Who vouches for Sluice, where sluice.yaml does not say it. */
  readonly vouching?: { readonly issuer: string; readonly subject: string };
}

const inNamespace = (yaml: string, namespace: string): readonly string[] =>
  yaml.split(/^---\n/m).filter((document) => document.includes(`\n  namespace: ${namespace}\n`));

/** What `sluice receivers` prints for one namespace by HMAC, and for another by identity tokens; word for word. */
export const printReceivers = async (options: PrintedFor): Promise<string> => {
  const { sluice, configFile, address, hmacNamespace, oidcNamespace, vouching } = options;
  const vouched = vouching === undefined ? [] : ["--issuer", vouching.issuer, "--subject", vouching.subject];
  const print = async (type: "generic-hmac" | "generic-oidc"): Promise<string> => {
    const { code, stdout, output } = await sluice.run([
      "receivers",
      ...["--config", configFile, "--type", type],
      ...(type === "generic-oidc" ? vouched : []),
      ...["--address", address, "--events-secret", "sluice-events"],
    ]);
    if (code !== 0) throw new Error(`sluice receivers ended with ${code}:\n${output}`);
    return stdout;
  };
  const documents = [
    ...inNamespace(await print("generic-hmac"), hmacNamespace),
    ...inNamespace(await print("generic-oidc"), oidcNamespace),
  ];
  return documents.join("---\n");
};
