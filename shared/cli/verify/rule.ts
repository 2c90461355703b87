import type { RepositoryName } from "../../artifact/repository.ts";
import { compileGoPattern } from "../../go-pattern.ts";
import type { IdentityRule, VerifyRule } from "../../ports.ts";
import { usageError } from "../cli-error.ts";
import { splitPair } from "../options.ts";

export interface SignerOptions {
  readonly issuer?: readonly string[];
  readonly subject?: readonly string[];
  readonly claim?: readonly string[];
  readonly transparencyLog?: string;
  readonly predicateType?: string;
}

const LOGS = ["required", "timestamp", "none"] as const;

const checkPattern = (option: string, pattern: string): void => {
  // An empty pattern would match everybody.
  if (pattern === "") throw usageError(`${option} is empty; write whom you expect`);
  try {
    compileGoPattern(pattern);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usageError(`${option} ${pattern}: not a Go RE2 pattern: ${reason}`);
  }
};

const toClaims = (texts: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    texts.map((text) => {
      const pair = splitPair(text);
      if (pair === undefined) throw usageError(`--claim ${text}: write it as name=pattern`);
      checkPattern(`--claim ${pair[0]}`, pair[1]);
      return pair;
    }),
  );

/** Pairs the first issuer with the first subject, and so on; claims hold for every pair. */
const toIdentities = (options: SignerOptions): readonly IdentityRule[] => {
  const { issuer: issuers = [], subject: subjects = [] } = options;
  if (issuers.length !== subjects.length) {
    throw usageError("each --issuer needs a --subject beside it, and each --subject an --issuer");
  }
  const claims = toClaims(options.claim ?? []);
  return issuers.map((issuer, index) => {
    const subject = subjects[index] ?? "";
    checkPattern("--issuer", issuer);
    checkPattern("--subject", subject);
    return { issuer, subject, ...(Object.keys(claims).length === 0 ? {} : { claims }) };
  });
};

const toLog = (text: string | undefined, keyed: boolean): VerifyRule["transparencyLog"] => {
  if (text === undefined) return keyed ? "none" : "required";
  const log = LOGS.find((known) => known === text);
  if (log === undefined) throw usageError(`--transparency-log ${text}: write one of ${LOGS.join(", ")}`);
  if (log === "none" && !keyed) throw usageError("--transparency-log none is only for --key");
  return log;
};

/** The rule that the options ask for. `keys` are PEM texts, read already. */
export const toRule = (
  options: SignerOptions,
  keys: readonly string[],
  signatureRepository: RepositoryName | undefined,
): VerifyRule => {
  const identities = toIdentities(options);
  const keyed = keys.length > 0;
  if (keyed && identities.length > 0) {
    throw usageError("--key and --issuer/--subject exclude each other; run the command twice for both");
  }
  if (!keyed && identities.length === 0) {
    throw usageError("say who must have signed: --issuer RE --subject RE, or --key FILE");
  }
  if (keyed && options.claim !== undefined) throw usageError("--claim is only for --issuer and --subject");
  return {
    id: "command-line",
    // As if an object asked for it, so that Flux's own reading is judged beside ours.
    origin: "object",
    identities,
    keys,
    transparencyLog: toLog(options.transparencyLog, keyed),
    ...(options.predicateType === undefined ? {} : { predicateType: options.predicateType }),
    ...(signatureRepository === undefined ? {} : { signatureRepository }),
  };
};
