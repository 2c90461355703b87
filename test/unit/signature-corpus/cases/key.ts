import { createKeyPair } from "../../../../functions/local/playground/sigstore/keys.ts";
import { ANNOTATION } from "../../../../functions/local/playground/sigstore/oci.ts";
import { DAY_MS } from "../changes.ts";
import { ALL, all, type CorpusCase, keyedBy, request, rule, SIGNED_TIME, steps } from "../corpus-case.ts";
import { editAnnotation, tamper } from "../edit.ts";
import { NOW_MS } from "../world.ts";

const other = createKeyPair("p256");

const key = createKeyPair("p256");

/** A key that the rule names, for which a certificate was issued too. */
const withOwnCertificate = all(
  request({ key, log: false }),
  rule({ identities: [], keys: [key.publicPem], transparencyLog: "none" }),
);

/** The same, and logged with the certificate, as `cosign sign --key --certificate` does. */
const loggedWithOwnCertificate = all(
  request({ key }),
  rule({ identities: [], keys: [key.publicPem], transparencyLog: "required" }),
);

const stamped = all(keyedBy(key, "timestamp"), request({ timestamp: true }));

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
      // The key signed, its certificate is what was logged.
      legacy: "verified",
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
  {
    attackClass: 28,
    name: "key's own certificate beside its signature, expired",
    formats: ["legacy"],
    expected: "certificate-expired",
    setup: withOwnCertificate,
    attack: request({ atMs: NOW_MS - DAY_MS }),
  },
  {
    attackClass: 28,
    name: "somebody else's certificate beside a key's signature",
    formats: ["legacy"],
    expected: "key-mismatch",
    setup: withOwnCertificate,
    attack: steps(({ sigstore, request: honest }) => {
      const { layer: evil } = sigstore.sign({ ...honest, key: other, steps: {} });
      const certificate = evil?.annotations[ANNOTATION.certificate] ?? "";
      return tamper({ layer: (layer) => editAnnotation(layer, "certificate", () => certificate) });
    }),
  },
  {
    attackClass: 28,
    name: "key's own certificate, logged with it, issued after the log's time",
    formats: ["legacy"],
    expected: "certificate-expired",
    setup: loggedWithOwnCertificate,
    attack: steps({ loggedAtMs: (atMs) => atMs - DAY_MS }),
  },
  {
    attackClass: 28,
    name: "key's own certificate beside its signature, the log has the bare key",
    formats: ["legacy"],
    expected: "log-entry-mismatch",
    setup: loggedWithOwnCertificate,
    attack: steps(({ sigstore, request: honest }) => {
      const { identity: _identity, ...bare } = honest;
      return tamper({
        layer: (layer) => {
          const { layer: keyed } = sigstore.sign({ ...bare, log: true, steps: {} });
          const logged = keyed?.annotations[ANNOTATION.bundle] ?? "";
          const signature = keyed?.annotations[ANNOTATION.signature] ?? "";
          const resigned = editAnnotation(layer, "signature", () => signature);
          return {
            ...editAnnotation(resigned, "bundle", () => logged),
            payload: keyed?.payload ?? layer.payload,
          };
        },
      });
    }),
  },
  {
    attackClass: 28,
    name: "somebody else's certificate beside a key's signature, logged with it",
    formats: ["legacy"],
    expected: "key-mismatch",
    setup: loggedWithOwnCertificate,
    attack: steps(({ sigstore, request: honest }) => {
      const { layer: evil } = sigstore.sign({ ...honest, key: other, steps: {} });
      const certificate = evil?.annotations[ANNOTATION.certificate] ?? "";
      return tamper({ layer: (layer) => editAnnotation(layer, "certificate", () => certificate) });
    }),
  },
  {
    attackClass: 28,
    name: "key's signature without the timestamp that the rule asks for",
    formats: SIGNED_TIME,
    expected: "no-signed-time",
    setup: stamped,
    attack: request({ timestamp: false }),
  },
  {
    attackClass: 28,
    name: "key's signature with a timestamp of somebody else's",
    formats: SIGNED_TIME,
    expected: "timestamp-untrusted",
    setup: stamped,
    attack: steps((_scenario, { foreign }) => ({
      token: (token) => {
        const { signer } = foreign.services.timestampAuthority;
        return { ...token, signer, certificates: [signer.certificate] };
      },
    })),
  },
];
