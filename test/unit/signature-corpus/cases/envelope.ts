import { createKeyPair, toBase64 } from "../../../../functions/local/playground/sigstore/keys.ts";
import { BUNDLES, type CorpusCase, keyedBy, request, steps } from "../corpus-case.ts";
import { edit, set } from "../edit.ts";

const key = createKeyPair("p256");

/** DSSE: what is signed is the type and the payload together. */
export const envelopeCases: readonly CorpusCase[] = [
  {
    attackClass: 29,
    name: "envelope without signatures",
    formats: BUNDLES,
    expected: "signature-count",
    attack: steps({ envelope: (envelope) => set(envelope, ["signatures"], []) }),
  },
  {
    attackClass: 29,
    name: "envelope with its signature twice",
    formats: BUNDLES,
    expected: "signature-count",
    attack: steps({
      envelope: (envelope) =>
        edit(envelope, ["signatures"], (list) => (Array.isArray(list) ? [...list, ...list] : list)),
    }),
  },
  {
    attackClass: 29,
    name: "payload type swapped after signing",
    formats: BUNDLES,
    expected: "payload-type-mismatch",
    attack: steps({ envelope: (envelope) => set(envelope, ["payloadType"], "text/plain") }),
  },
  {
    attackClass: 29,
    name: "another payload type, honestly signed",
    formats: BUNDLES,
    expected: "payload-type-mismatch",
    attack: steps({ payloadType: () => "application/vnd.example+json" }),
  },
  {
    attackClass: 29,
    name: "payload signed as it is, without its type",
    formats: BUNDLES,
    expected: "signature-invalid",
    setup: request({ key }),
    attack: steps(() => {
      let payload: Uint8Array = new Uint8Array();
      return {
        payloadBytes: (bytes) => {
          payload = bytes;
          return bytes;
        },
        signature: () => key.sign(payload),
      };
    }),
  },
  {
    attackClass: 29,
    name: "type and payload cut at another place",
    formats: BUNDLES,
    expected: "payload-type-mismatch",
    attack: steps({
      // The signed bytes begin the same whether the type ends early or the payload begins late.
      payloadType: () => "application/vnd.in-toto+json 2 {}",
    }),
  },
  {
    attackClass: 29,
    name: "payload replaced after signing",
    formats: ["bundle-rekor1"],
    expected: "log-entry-mismatch",
    attack: steps({
      envelope: (envelope) =>
        edit(envelope, ["payload"], (payload) =>
          toBase64(`${Buffer.from(`${payload}`, "base64").toString()} `),
        ),
    }),
  },
  {
    attackClass: 29,
    name: "keyed envelope with its payload replaced",
    formats: ["bundle-rekor1"],
    expected: "key-mismatch",
    setup: keyedBy(key),
    attack: steps({
      envelope: (envelope) =>
        edit(envelope, ["payload"], (payload) =>
          toBase64(`${Buffer.from(`${payload}`, "base64").toString()} `),
        ),
    }),
  },
];
