import type { CertificateFields } from "./certificate.ts";
import type { Issuer } from "./certificate-authority.ts";
import type { CtLog, SctFields } from "./ct-log.ts";
import type { Json, JsonObject } from "./json.ts";
import type { KeyPair } from "./keys.ts";
import type { EntryBody, LogEntry } from "./log-entry.ts";
import type { LegacyLayer } from "./oci.ts";
import type { TransparencyLog } from "./rekor.ts";
import type { TokenFields } from "./timestamp-authority.ts";

/**
 * What a test may change on the way, in the order things happen. Every function is given what an honest signer
 * made at that step and answers with what goes on; what comes after is made from the answer, so that changing
 * an early step gives evidence that is consistent in itself (a dishonest signer or service) and changing a late
 * one gives evidence that was tampered with afterwards.
 */
export interface Steps {
  /** The key that signs content; the certificate stays for the honest one. */
  readonly contentKey?: (honest: KeyPair) => KeyPair;
  readonly leafFields?: (honest: CertificateFields) => CertificateFields;
  readonly issuer?: (honest: Issuer) => Issuer;
  /** Serialised SCTs that go into the leaf. */
  readonly scts?: (honest: SctFields, ctLog: CtLog) => readonly Uint8Array[];
  readonly leaf?: (honest: Uint8Array) => Uint8Array;
  /** The payload or statement before it is signed. */
  readonly payload?: (honest: JsonObject) => Json;
  readonly payloadBytes?: (honest: Uint8Array) => Uint8Array;
  readonly payloadType?: (honest: string) => string;
  /** `signed`: the bytes under the signature. */
  readonly signature?: (honest: Uint8Array, signed: Uint8Array, key: KeyPair) => Uint8Array;
  readonly envelope?: (honest: JsonObject) => JsonObject;
  readonly log?: (honest: TransparencyLog) => TransparencyLog;
  /** What is logged. */
  readonly entryBody?: (honest: EntryBody) => EntryBody;
  readonly loggedAtMs?: (honest: number) => number;
  readonly entry?: (honest: LogEntry, log: TransparencyLog) => LogEntry;
  readonly entries?: (honest: readonly LogEntry[], log: TransparencyLog) => readonly LogEntry[];
  readonly token?: (honest: TokenFields) => TokenFields;
  readonly timestamps?: (honest: readonly Uint8Array[]) => readonly Uint8Array[];
  /** The bundle as JSON, and as bytes. */
  readonly bundle?: (honest: JsonObject) => Json;
  readonly bundleBytes?: (honest: Uint8Array) => Uint8Array;
  /** A legacy layer; the JSON annotation of its log entry is in `dev.sigstore.cosign/bundle`. */
  readonly layer?: (honest: LegacyLayer) => LegacyLayer;
  readonly layers?: (honest: readonly LegacyLayer[]) => readonly LegacyLayer[];
  /** The referrer or `.sig` manifest. */
  readonly manifest?: (honest: JsonObject) => Json;
}
