import type { Json, JsonObject } from "../../../../functions/local/playground/sigstore/json.ts";
import { createKeyPair, hashOf } from "../../../../functions/local/playground/sigstore/keys.ts";
import { createLocalSigstore } from "../../../../functions/local/playground/sigstore/local-sigstore.ts";
import { withRoot } from "../changes.ts";
import { ALL, type CorpusCase, type Expected, SIGNED_TIME } from "../corpus-case.ts";
import { edit, remove, set } from "../edit.ts";
import { createSeededBytes, NOW_MS } from "../world.ts";

const random = createSeededBytes(51);

const root = (
  name: string,
  change: (root: JsonObject) => Json,
  expected: Expected = "throws TRUST_ROOT_INVALID",
): CorpusCase => ({
  attackClass: 34,
  name: `trusted root ${name}`,
  formats: SIGNED_TIME,
  expected,
  attack: ({ sigstore }) => ({ trustedRootJson: JSON.stringify(change(sigstore.trustedRoot)) }),
});

const swapKeyDetails = (json: JsonObject, details: string): JsonObject =>
  set(json, ["tlogs", 0, "publicKey", "keyDetails"], details);

export const rootCases: readonly CorpusCase[] = [
  root("whose log key has no validity start", (json) =>
    remove(json, ["tlogs", 0, "publicKey", "validFor", "start"]),
  ),
  root("whose log key has no validity", (json) => remove(json, ["tlogs", 0, "publicKey", "validFor"])),
  root("whose CT log key has no validity start", (json) =>
    remove(json, ["ctlogs", 0, "publicKey", "validFor", "start"]),
  ),
  root("whose authority has no validity start", (json) =>
    remove(json, ["certificateAuthorities", 0, "validFor", "start"]),
  ),
  root("whose timestamp authority has no validity start", (json) =>
    remove(json, ["timestampAuthorities", 0, "validFor", "start"]),
  ),
  root("whose log key is called Ed25519 and is not", (json) => swapKeyDetails(json, "PKIX_ED25519")),
  root("whose log key is called P-384 and is not", (json) => swapKeyDetails(json, "PKIX_ECDSA_P384_SHA_384")),
  root("whose log key is of a type that does not exist", (json) => swapKeyDetails(json, "PKIX_TRUST_ME")),
  root("whose validity ends before it starts", (json) =>
    set(json, ["tlogs", 0, "publicKey", "validFor", "end"], "2001-01-01T00:00:00Z"),
  ),
  root("whose validity is no date", (json) =>
    set(json, ["tlogs", 0, "publicKey", "validFor", "start"], "yesterday"),
  ),
  root("with two logs of one id", (json) =>
    edit(json, ["tlogs"], (logs) => (Array.isArray(logs) ? [...logs, logs[0]] : logs)),
  ),
  root("whose authority's chain is empty", (json) =>
    set(json, ["certificateAuthorities", 0, "certChain", "certificates"], []),
  ),
  root("whose chain's certificates did not sign one another", (json) =>
    set(json, ["certificateAuthorities", 0, "certChain", "certificates", 1], foreignRootCertificate()),
  ),
  root("of another media type", (json) => set(json, ["mediaType"], "application/json")),
  root("that is a list", () => []),
  root("that is null", () => null),
  {
    attackClass: 34,
    name: "trusted root whose log's key belongs to another id",
    formats: SIGNED_TIME,
    expected: "set-invalid",
    attack: withRoot((honest) => ({
      ...honest,
      tlogs: honest.tlogs.map((log, index) => (index === 0 ? { ...log, key: createKeyPair("p256") } : log)),
    })),
  },
  {
    attackClass: 34,
    name: "trusted root without logs",
    formats: ALL,
    expected: "log-unknown",
    attack: withRoot((honest) => ({ ...honest, tlogs: [] })),
  },
  {
    attackClass: 34,
    name: "trusted root without CT logs",
    formats: ALL,
    expected: "sct-missing",
    attack: withRoot((honest) => ({ ...honest, ctlogs: [] })),
  },
  {
    attackClass: 34,
    name: "trusted root without certificate authorities",
    formats: ALL,
    expected: "certificate-untrusted",
    attack: withRoot((honest) => ({ ...honest, certificateAuthorities: [] })),
  },
  {
    attackClass: 34,
    name: "trusted root without timestamp authorities",
    formats: ["bundle-rekor2"],
    expected: "timestamp-untrusted",
    attack: withRoot((honest) => ({ ...honest, timestampAuthorities: [] })),
  },
  {
    attackClass: 34,
    name: "trusted root that knows the log by another id",
    formats: ALL,
    expected: "log-unknown",
    attack: withRoot((honest) => ({
      ...honest,
      tlogs: honest.tlogs.map((log) => ({ ...log, logId: hashOf("another") })).slice(0, 1),
    })),
  },
];

let foreignRoot: JsonObject | undefined;

const foreignRootCertificate = (): JsonObject => {
  const { services } = createLocalSigstore({ nowMs: () => NOW_MS, random });
  foreignRoot ??= { rawBytes: Buffer.from(services.authority.root.certificate).toString("base64") };
  return foreignRoot;
};
