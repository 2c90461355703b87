import { join } from "node:path";
import { runToEnd } from "./command.ts";
import type { Expected } from "./cosign.ts";
import type { World } from "./world.ts";

const bin = join(import.meta.dirname, "../../../shared/cli/bin.js");

export interface SluiceVerifyOptions {
  readonly expect: Expected;
  readonly trustedRootFile: string;
  readonly transparencyLog?: "required" | "timestamp" | "none";
  readonly predicateType?: string;
  readonly signatureRepository?: string;
  readonly mode?: "strict" | "parity";
}

/** What `sluice verify --json` printed. */
export interface SluiceReport {
  readonly artifact: string;
  readonly verdict: "verified" | "rejected";
  readonly reason: string | null;
  readonly identity: { readonly issuer: string; readonly subject: string } | null;
  readonly evidence: readonly { readonly kind: string; readonly digest: string; readonly outcome: string }[];
  readonly differences: readonly string[];
}

export interface Sluice {
  /** The command, as its users run it. */
  run(
    args: readonly string[],
    input?: string | Uint8Array,
    env?: Readonly<Record<string, string>>,
  ): ReturnType<typeof runToEnd>;
  /** Throws when the command could not decide, or when its exit code and its report disagree. */
  verify(reference: string, options: SluiceVerifyOptions): Promise<SluiceReport>;
}

const escapePattern = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

const expectedArgs = (expect: Expected): readonly string[] =>
  "keyFile" in expect
    ? ["--key", expect.keyFile]
    : ["--issuer", `^${escapePattern(expect.issuer)}$`, "--subject", expect.subjectRegexp];

const optional = (option: string, value: string | undefined): readonly string[] =>
  value === undefined ? [] : [option, value];

/** The `sluice` command of this checkout. */
export const createSluice = (world: World): Sluice => {
  const run: Sluice["run"] = (args, input = "", env = {}) =>
    runToEnd(process.execPath, [bin, ...args], { cwd: world.folder, input, env });
  return {
    run,
    async verify(reference, options) {
      const { code, stdout, output } = await run([
        "verify",
        reference,
        "--json",
        ...expectedArgs(options.expect),
        "--trusted-root",
        options.trustedRootFile,
        ...optional("--transparency-log", options.transparencyLog),
        ...optional("--predicate-type", options.predicateType),
        ...optional("--signature-repository", options.signatureRepository),
        ...optional("--mode", options.mode),
      ]);
      // A crash also exits with 1; only a report makes it a verdict.
      if ((code !== 0 && code !== 1) || stdout === "")
        throw new Error(`sluice verify ended with ${code}:\n${output}`);
      const report = JSON.parse(stdout) as SluiceReport;
      const agreed = report.verdict === (code === 0 ? "verified" : "rejected");
      if (!agreed) throw new Error(`exit code ${code} beside the verdict ${report.verdict}`);
      return report;
    },
  };
};
