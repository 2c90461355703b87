import type { Command } from "commander";
import type { Judgement, TrustedRootSource } from "../../ports.ts";
import { isRuleKey } from "../../signature/rule.ts";
import { publicGoodRoot } from "../../signature/trust/public-good-root.ts";
import { parseTrustedRoot } from "../../signature/trust/trusted-root.ts";
import { createFixedRoots } from "../../signature/trust/trusted-root-source.ts";
import { CliError, usageError } from "../cli-error.ts";
import { type CommandIo, globalOptions, type Register } from "../io.ts";
import { collect, durationOption } from "../options.ts";
import { createPaint } from "../paint.ts";
import { examples } from "../program.ts";
import { resolveReference, toRepository } from "../reference.ts";
import type { VerifyPorts } from "../verify/ports.ts";
import {
  explain,
  formatVerifyReport,
  type Mode,
  toVerifyReport,
  type VerifyReport,
} from "../verify/report.ts";
import { type SignerOptions, toRule } from "../verify/rule.ts";

const MAX_KEY_BYTES = 65_536;
const MAX_ROOT_BYTES = 1_048_576;
const NO_KEY =
  "holds no public key in PEM of a kind that is accepted (ECDSA, Ed25519, RSA from 2048 bits on); name the file that `cosign public-key` prints";
const DEFAULT_TIMEOUT_MS = 60_000;

interface VerifyOptions extends SignerOptions {
  readonly key?: readonly string[];
  readonly trustedRoot?: string;
  readonly signatureRepository?: string;
  readonly plainHttp?: boolean;
  readonly mode?: string;
  readonly timeout?: number;
  readonly config?: string;
}

const toMode = (text: string | undefined): Mode => {
  if (text === undefined || text === "strict") return "strict";
  if (text === "parity") return "parity";
  throw usageError(`--mode ${text}: write strict or parity`);
};

/** Said of the file, before a registry is asked for anything. */
const requireRoot = (path: string, bytes: Uint8Array): void => {
  try {
    parseTrustedRoot(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `--trusted-root ${path}: is no trusted_root.json of Sigstore (${reason})`;
    throw new CliError(message, { code: "TRUST_ROOT_INVALID", cause });
  }
};

/** Files that the options name, read once each. */
const createInputs = (ports: VerifyPorts, io: CommandIo) => {
  const read = (option: string, path: string, maxBytes: number): Promise<Uint8Array> =>
    ports.readFile(path, maxBytes, io).catch((cause: unknown) => {
      throw usageError(`${option} ${path}: ${cause instanceof Error ? cause.message : String(cause)}`);
    });
  return {
    keys: (paths: readonly string[]): Promise<readonly string[]> =>
      Promise.all(
        paths.map(async (path) => {
          const text = new TextDecoder().decode(await read("--key", path, MAX_KEY_BYTES));
          if (!isRuleKey(text)) throw usageError(`--key ${path}: ${NO_KEY}`);
          return text;
        }),
      ),
    trustedRoots: async (path: string | undefined): Promise<TrustedRootSource> => {
      if (path === undefined) return createFixedRoots(publicGoodRoot());
      const bytes = await read("--trusted-root", path, MAX_ROOT_BYTES);
      requireRoot(path, bytes);
      return createFixedRoots(bytes);
    },
  };
};

/** Nothing was looked at when the rule itself is at fault: that is no word about the artifact. */
const requireUsable = (judgement: Judgement): void => {
  if (judgement.verified || !judgement.reason.startsWith("rule-")) return;
  throw new CliError(explain(judgement.reason), { code: judgement.reason });
};

const verify = async (
  ports: VerifyPorts,
  io: CommandIo,
  reference: string,
  options: VerifyOptions,
): Promise<VerifyReport> => {
  const mode = toMode(options.mode);
  const { signatureRepository, plainHttp = false, config } = options;
  const inputs = createInputs(ports, io);
  const rule = toRule(
    options,
    await inputs.keys(options.key ?? []),
    signatureRepository === undefined ? undefined : toRepository(signatureRepository),
  );
  const roots = await inputs.trustedRoots(options.trustedRoot);
  const registry = await ports.openRegistry({ plainHttp, config }, io);
  try {
    const signal = AbortSignal.any([io.signal, AbortSignal.timeout(options.timeout ?? DEFAULT_TIMEOUT_MS)]);
    const artifact = await resolveReference(reference, registry.reader, signal);
    const verification = await ports.createVerifier(registry.reader, roots).verify(artifact, rule, signal);
    requireUsable(verification[mode]);
    return toVerifyReport(artifact, verification, mode);
  } finally {
    await registry.close();
  }
};

/** `sluice verify`: one artifact, one rule, one answer. */
export const createVerifyCommand =
  (ports: VerifyPorts): Register =>
  (program, io) => {
    program
      .command("verify")
      .summary("check who signed an artifact")
      .description(
        "Looks for signatures of an artifact in its registry and says whether one of them is by whom you expect.\nExit code 0 verified, 1 not verified, 2 could not decide.",
      )
      .argument("<ref>", "artifact by tag or digest, such as ghcr.io/acme/app:1.4.2")
      .option(
        "--issuer <pattern>",
        "issuer of the certificate, a Go regular expression; goes with --subject",
        collect,
      )
      .option("--subject <pattern>", "subject of the certificate; repeat both for alternatives", collect)
      .option(
        "--claim <name=pattern>",
        "further claim of the certificate, e.g. sourceRepositoryURI=^https://…$",
        collect,
      )
      .option("--key <file>", "PEM public key; repeat for alternatives", collect)
      .option("--trusted-root <file>", "Sigstore trusted_root.json (default: the public-good instance's)")
      .option(
        "--transparency-log <what>",
        "required, timestamp or none (default: required; with --key none, as Flux)",
      )
      .option("--predicate-type <type>", "ask for an attestation of this type instead of a signature")
      .option("--signature-repository <repository>", "where the signatures are, if not beside the artifact")
      .option("--plain-http", "talk HTTP to the registry (those on this machine: always)")
      .option("--mode <mode>", "strict: what Sluice decides by; parity: what Flux would say", "strict")
      .option("--timeout <duration>", "give up after this time (default: 60s)", durationOption)
      .addHelpText(
        "after",
        examples(
          "sluice verify ghcr.io/acme/app:1.4.2 \\",
          "    --issuer '^https://token\\.actions\\.githubusercontent\\.com$' \\",
          "    --subject '^https://github\\.com/acme/app/\\.github/workflows/'",
          "sluice verify registry.example.com/app@sha256:… --key cosign.pub --json",
          "sluice verify localhost:5000/app:1 --plain-http --trusted-root root.json \\",
          "    --issuer '^https://issuer\\.example$' --subject '^ci@acme\\.example$'",
        ),
      )
      .action(async (reference: string, _: unknown, command: Command) => {
        const options = command.optsWithGlobals<VerifyOptions>();
        const report = await verify(ports, io, reference, options);
        const { json } = globalOptions(command);
        io.stdout.write(json ? `${JSON.stringify(report)}\n` : formatVerifyReport(createPaint(io), report));
        io.exitWith(report.verdict === "verified" ? 0 : 1);
      });
  };
