import type { Digest } from "../../../shared/artifact/digest.ts";
import type { VerifyRule } from "../../../shared/ports.ts";
import { compileRule } from "../../../shared/signature/rule.ts";
import { parseTrustedRoot } from "../../../shared/signature/trust/trusted-root.ts";
import { verifyBundle } from "../../../shared/signature/verify-bundle.ts";
import { createSignerCache } from "../../../shared/signature/verify-material.ts";
import type { OnceInput } from "./verify-once.ts";

/** Apart from the entry, so that the compile cache is on before this is compiled. */
export const verifyOnce = async ({
  trustedRoot,
  rule,
  subject,
  bundle,
  nowMs,
}: OnceInput): Promise<boolean> => {
  const { strict } = await verifyBundle(
    Buffer.from(bundle, "base64"),
    subject as Digest,
    compileRule(rule as VerifyRule),
    { root: parseTrustedRoot(Buffer.from(trustedRoot)), signers: createSignerCache(), nowMs },
  );
  return strict.verified;
};
