import { toPem } from "../../../../functions/local/playground/sigstore/certificate.ts";
import {
  createCertificateAuthority,
  type Issuer,
} from "../../../../functions/local/playground/sigstore/certificate-authority.ts";
import { sequence } from "../../../../functions/local/playground/sigstore/der.ts";
import { createKeyPair } from "../../../../functions/local/playground/sigstore/keys.ts";
import { ALL, type CorpusCase, steps } from "../corpus-case.ts";
import { editAnnotation, tamper } from "../edit.ts";
import { createSeededBytes, NOW_MS } from "../world.ts";

const random = createSeededBytes(41);

/** A chain of the attacker's own that calls itself what the trusted one is called. */
const impostor = (): Issuer => createCertificateAuthority({ random, nowMs: NOW_MS }).intermediate;

export const chainCases: readonly CorpusCase[] = [
  {
    attackClass: 27,
    name: "intermediate of the same name by a root of the attacker's",
    formats: ALL,
    expected: "certificate-untrusted",
    attack: steps({ issuer: impostor }),
  },
  {
    attackClass: 27,
    name: "root of the attacker's in the chain annotation",
    formats: ["legacy"],
    expected: "certificate-untrusted",
    attack: steps(() => {
      const authority = createCertificateAuthority({ random, nowMs: NOW_MS });
      return {
        issuer: () => authority.intermediate,
        ...tamper({
          layer: (layer) =>
            editAnnotation(layer, "chain", () => authority.chain.map((der) => toPem(der)).join("")),
        }),
      };
    }),
  },
  {
    attackClass: 27,
    name: "chain annotation is garbage; it is no trust",
    formats: ["legacy"],
    expected: "verified",
    attack: steps(tamper({ layer: (layer) => editAnnotation(layer, "chain", () => "garbage") })),
  },
  {
    attackClass: 27,
    name: "no chain annotation",
    formats: ["legacy"],
    expected: "verified",
    attack: steps(tamper({ layer: (layer) => editAnnotation(layer, "chain", () => undefined) })),
  },
  {
    attackClass: 27,
    name: "self-signed leaf",
    formats: ALL,
    expected: "certificate-untrusted",
    attack: steps(({ sigstore }) => ({
      issuer: () => ({ ...sigstore.services.authority.intermediate, key: createKeyPair("p384") }),
    })),
  },
  {
    attackClass: 27,
    name: "leaf issued by the root instead of the intermediate",
    formats: ALL,
    expected: "verified",
    attack: steps(({ sigstore }) => ({ issuer: () => sigstore.services.authority.root })),
  },
  {
    attackClass: 27,
    name: "leaf issued by another leaf",
    formats: ALL,
    expected: "certificate-untrusted",
    attack: steps(({ sigstore, request: honest }) => {
      const key = createKeyPair("p256");
      const { leaf } = sigstore.sign({ ...honest, key, steps: {} });
      return { issuer: () => ({ name: {}, key, certificate: leaf ?? new Uint8Array() }) };
    }),
  },
  {
    attackClass: 27,
    name: "certificate that is empty",
    formats: ALL,
    expected: "certificate-malformed",
    attack: steps({ leaf: () => sequence() }),
  },
  {
    attackClass: 27,
    name: "signed by a key of another curve than the authority's",
    formats: ALL,
    expected: "certificate-untrusted",
    attack: steps({ issuer: (honest) => ({ ...honest, key: createKeyPair("p256") }) }),
  },
];
