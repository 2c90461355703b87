import { attestationCases } from "./cases/attestation.ts";
import { authorityCases } from "./cases/authority.ts";
import { callerCases } from "./cases/caller.ts";
import { chainCases } from "./cases/chain.ts";
import { checkpointCases } from "./cases/checkpoint.ts";
import { copiedCases } from "./cases/copied.ts";
import { crowdCases } from "./cases/crowd.ts";
import { duplicateCases } from "./cases/duplicate.ts";
import { signatureCases } from "./cases/ecdsa.ts";
import { entryKindCases } from "./cases/entry-kind.ts";
import { envelopeCases } from "./cases/envelope.ts";
import { expiryCases } from "./cases/expiry.ts";
import { failureCases } from "./cases/failure.ts";
import { foreignCases } from "./cases/foreign.ts";
import { issuerCases } from "./cases/issuer.ts";
import { jsonCases } from "./cases/json.ts";
import { keyCases } from "./cases/key.ts";
import { leafCases } from "./cases/leaf.ts";
import { limitCases } from "./cases/limits.ts";
import { nameCases } from "./cases/name.ts";
import { patternCases } from "./cases/pattern.ts";
import { platformCases, repositoryCases } from "./cases/platform.ts";
import { promiseCases } from "./cases/promise.ts";
import { proofCases } from "./cases/proof.ts";
import { rootCases } from "./cases/root.ts";
import { ruleCases } from "./cases/rule.ts";
import { sctCases } from "./cases/sct.ts";
import { severalCases } from "./cases/several.ts";
import { subjectCases } from "./cases/subject.ts";
import { textCases } from "./cases/text.ts";
import { timestampCases } from "./cases/timestamp.ts";
import { tokenCases } from "./cases/token.ts";
import { typeCases } from "./cases/type.ts";
import { windowCases } from "./cases/window.ts";
import { wireCases } from "./cases/wire.ts";
import type { CorpusCase } from "./corpus-case.ts";

/** Every attack of the corpus. */
export const CASES: readonly CorpusCase[] = [
  ...attestationCases,
  ...authorityCases,
  ...callerCases,
  ...crowdCases,
  ...checkpointCases,
  ...entryKindCases,
  ...chainCases,
  ...copiedCases,
  ...duplicateCases,
  ...signatureCases,
  ...envelopeCases,
  ...expiryCases,
  ...failureCases,
  ...foreignCases,
  ...issuerCases,
  ...jsonCases,
  ...keyCases,
  ...leafCases,
  ...limitCases,
  ...nameCases,
  ...patternCases,
  ...platformCases,
  ...repositoryCases,
  ...promiseCases,
  ...proofCases,
  ...rootCases,
  ...ruleCases,
  ...sctCases,
  ...severalCases,
  ...subjectCases,
  ...textCases,
  ...timestampCases,
  ...typeCases,
  ...windowCases,
  ...tokenCases,
  ...wireCases,
];
