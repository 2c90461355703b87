import { createKeyPair } from "../../../../functions/local/playground/sigstore/keys.ts";
import { ALL, type CorpusCase, keyedBy, request, rule, SIGNED_TIME, steps } from "../corpus-case.ts";

const other = createKeyPair("p256");

const key = createKeyPair("p256");

export const keyCases: readonly CorpusCase[] = [
  {
    attackClass: 28,
    name: "signed by another key than the certificate's",
    formats: ALL,
    expected: "signature-invalid",
    attack: steps({ contentKey: () => other }),
  },
  {
    attackClass: 28,
    name: "rule with keys, evidence with a certificate",
    formats: ALL,
    expected: { "bundle-rekor1": "key-expected", "bundle-rekor2": "key-expected", legacy: "key-mismatch" },
    attack: rule({ identities: [], keys: [key.publicPem] }),
  },
  {
    attackClass: 28,
    name: "rule with the certificate's own key, evidence with that certificate",
    formats: ALL,
    expected: {
      "bundle-rekor1": "key-expected",
      "bundle-rekor2": "key-expected",
      legacy: "log-entry-mismatch",
    },
    setup: request({ key }),
    attack: rule({ identities: [], keys: [key.publicPem] }),
  },
  {
    attackClass: 28,
    name: "rule with identities, evidence with a bare key",
    formats: SIGNED_TIME,
    expected: "certificate-missing",
    attack: ({ request: { identity: _identity, ...rest } }) => ({ request: { ...rest, key, log: true } }),
  },
  ...(["bundle-rekor1", "legacy"] as const).map(
    (format): CorpusCase => ({
      attackClass: 28,
      name: "signed by none of the rule's keys",
      formats: [format],
      expected: "key-mismatch",
      setup: keyedBy(key),
      attack: request({ key: other }),
    }),
  ),
];
