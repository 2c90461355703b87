import type { CertificateAuthority } from "./certificate-authority.ts";
import type { CtLog } from "./ct-log.ts";
import type { TransparencyLog } from "./rekor.ts";
import type { TimestampAuthority } from "./timestamp-authority.ts";

/** The parts of one Sigstore instance. Tests build a second instance for everything foreign. */
export interface Services {
  readonly nowMs: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly authority: CertificateAuthority;
  readonly ctLog: CtLog;
  readonly rekorV1: TransparencyLog;
  readonly rekorV2: TransparencyLog;
  readonly timestampAuthority: TimestampAuthority;
}
