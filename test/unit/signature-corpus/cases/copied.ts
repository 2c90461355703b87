import { toPem } from "../../../../functions/local/playground/sigstore/certificate.ts";
import type { SignerMaterial } from "../../../../functions/local/playground/sigstore/entry-bodies.ts";
import type { Json, JsonObject } from "../../../../functions/local/playground/sigstore/json.ts";
import { createKeyPair, toBase64 } from "../../../../functions/local/playground/sigstore/keys.ts";
import type { EntryBody } from "../../../../functions/local/playground/sigstore/log-entry.ts";
import { issueSigner } from "../../../../functions/local/playground/sigstore/sign-content.ts";
import {
  ALL,
  all,
  type Change,
  type CorpusCase,
  keyedBy,
  request,
  rule,
  SIGNED_TIME,
  steps,
} from "../corpus-case.ts";
import { set } from "../edit.ts";
import { retarget } from "../publish.ts";
import { nextArtifact } from "../world.ts";

const SLSA = "https://slsa.dev/provenance/v1";

/** Signs another artifact and presents the evidence as this one's. */
const copyFromAnother: Change = ({ request: honest, artifact }) => ({
  request: { ...honest, ...nextArtifact() },
  publish: ({ manifest }) => [retarget(manifest, artifact.digest)],
});

const key = createKeyPair("p256");
const editSpec = (body: EntryBody, path: readonly (string | number)[], value: Json): EntryBody => ({
  ...body,
  spec: set(body.spec as JsonObject, path, value),
});

/** Where each entry kind keeps the signature and the certificate. */
const signaturePath = (body: EntryBody): readonly (string | number)[] => {
  if (body.apiVersion === "0.0.2" && body.kind === "hashedrekord") {
    return ["hashedRekordV002", "signature", "content"];
  }
  if (body.kind === "dsse") return ["signatures", 0, "signature"];
  if (body.kind === "intoto") return ["content", "envelope", "signatures", 0, "sig"];
  return ["signature", "content"];
};

const withSignature = (body: EntryBody, signature: Uint8Array): EntryBody => {
  const encoded = toBase64(signature);
  return editSpec(body, signaturePath(body), body.kind === "intoto" ? toBase64(encoded) : encoded);
};

const withSigner = (body: EntryBody, signer: SignerMaterial): EntryBody => {
  const der = signer.kind === "certificate" ? signer.leaf : signer.key.spki;
  const pem = signer.kind === "certificate" ? toPem(der) : signer.key.publicPem;
  if (body.apiVersion === "0.0.2" && body.kind === "hashedrekord") {
    const path = ["hashedRekordV002", "signature", "verifier", "x509Certificate", "rawBytes"];
    return editSpec(body, path, toBase64(der));
  }
  if (body.kind === "dsse") return editSpec(body, ["signatures", 0, "verifier"], toBase64(pem));
  if (body.kind === "intoto") {
    return editSpec(body, ["content", "envelope", "signatures", 0, "publicKey"], toBase64(pem));
  }
  return editSpec(body, ["signature", "publicKey", "content"], toBase64(pem));
};

const withHash = (body: EntryBody): EntryBody => {
  const other = "0".repeat(64);
  if (body.apiVersion === "0.0.2" && body.kind === "hashedrekord") {
    return editSpec(body, ["hashedRekordV002", "data", "digest"], toBase64(Buffer.from(other, "hex")));
  }
  if (body.kind === "dsse") return editSpec(body, ["payloadHash", "value"], other);
  if (body.kind === "intoto") return editSpec(body, ["content", "payloadHash", "value"], other);
  return editSpec(body, ["data", "hash", "value"], other);
};

/** A second certificate of the same CA for the same key, naming somebody else. */
const signerNamed = (subject: string): Change =>
  steps(({ request: honest, sigstore }) => ({
    entryBody: (body) => {
      const identity = { issuer: honest.identity?.issuer ?? "", subject };
      return withSigner(body, issueSigner(sigstore.services, { ...honest, identity, key, steps: {} }));
    },
  }));

/** Class 2: everything in the entry is real, but it speaks about something else. */
const foreignEntry = (name: string, change: (body: EntryBody) => EntryBody): CorpusCase => ({
  attackClass: 2,
  name: `log entry ${name}`,
  formats: ALL,
  expected: "log-entry-mismatch",
  attack: steps({ entryBody: change }),
});

export const copiedCases: readonly CorpusCase[] = [
  {
    attackClass: 1,
    name: "evidence of another artifact",
    formats: ALL,
    expected: "payload-digest-mismatch",
    attack: copyFromAnother,
  },
  {
    attackClass: 1,
    name: "evidence of another artifact, with timestamp",
    formats: SIGNED_TIME,
    expected: "payload-digest-mismatch",
    setup: request({ timestamp: true }),
    attack: copyFromAnother,
  },
  {
    attackClass: 1,
    name: "keyed evidence of another artifact",
    formats: SIGNED_TIME,
    expected: "payload-digest-mismatch",
    setup: keyedBy(key),
    attack: copyFromAnother,
  },
  {
    attackClass: 1,
    name: "attestation of another artifact",
    formats: ALL,
    expected: "payload-digest-mismatch",
    setup: all(request({ predicateType: SLSA, predicate: { builder: "x" } }), rule({ predicateType: SLSA })),
    attack: copyFromAnother,
  },
  foreignEntry("of another artifact", withHash),
  foreignEntry("with another signature over the same content", (body) =>
    withSignature(body, createKeyPair("p256").sign(Buffer.from("anything"))),
  ),
  foreignEntry("of another key", (body) => withSigner(body, { kind: "key", key: createKeyPair("p256") })),
  {
    attackClass: 2,
    name: "whole log entry of another artifact by the same signer",
    formats: ALL,
    expected: "log-entry-mismatch",
    attack: steps(({ request: honest, sigstore }) => ({
      entries: () => {
        let other: EntryBody | undefined;
        const keep = (body: EntryBody): EntryBody => {
          other = body;
          return body;
        };
        sigstore.sign({ ...honest, ...nextArtifact(), steps: { entryBody: keep } });
        const log = honest.format === "bundle-rekor2" ? sigstore.services.rekorV2 : sigstore.services.rekorV1;
        if (other === undefined) throw new Error("nothing was logged");
        return [log.append(other, sigstore.services.nowMs())];
      },
    })),
  },
  {
    attackClass: 2,
    name: "log entry of an attestation with another payload hash (intoto)",
    formats: ["bundle-rekor1"],
    expected: "log-entry-mismatch",
    setup: request({ entryKind: "intoto" }),
    attack: steps({ entryBody: withHash }),
  },
  {
    attackClass: 2,
    name: "old log entry (rekord) of another artifact",
    formats: ["legacy"],
    expected: "log-entry-mismatch",
    setup: request({ entryKind: "rekord" }),
    attack: steps({ entryBody: withHash }),
  },
  {
    attackClass: 2,
    name: "log entry whose hash is of another algorithm",
    formats: ["legacy"],
    expected: "log-entry-mismatch",
    attack: steps({ entryBody: (body) => editSpec(body, ["data", "hash", "algorithm"], "sha512") }),
  },
  {
    attackClass: 2,
    name: "keyed evidence with the log entry of another key",
    formats: SIGNED_TIME,
    expected: "log-entry-mismatch",
    setup: keyedBy(key, "required"),
    attack: steps({ entryBody: (body) => withSigner(body, { kind: "key", key: createKeyPair("p256") }) }),
  },
  {
    attackClass: 3,
    name: "log entry holds another identity's certificate for the same key",
    formats: ALL,
    expected: "log-entry-mismatch",
    setup: request({ key }),
    attack: signerNamed("https://github.com/evil/app/.github/workflows/release.yaml@refs/tags/v1"),
  },
  {
    attackClass: 3,
    name: "log entry holds another certificate of the same identity and key",
    formats: ALL,
    expected: "log-entry-mismatch",
    setup: request({ key }),
    attack: (scenario, world) => signerNamed(scenario.request.identity?.subject ?? "")(scenario, world),
  },
  {
    attackClass: 3,
    name: "log entry holds the bare key instead of the certificate",
    formats: SIGNED_TIME,
    expected: "log-entry-mismatch",
    setup: request({ key }),
    attack: steps({ entryBody: (body) => withSigner(body, { kind: "key", key }) }),
  },
];
