import { createKeyPair, type KeyKind } from "../../../functions/local/playground/sigstore/keys.ts";
import { ALL, all, keyedBy, request, rule, SIGNED_TIME } from "./corpus-case.ts";
import type { HonestCase } from "./honest-case.ts";

const keyKinds: readonly KeyKind[] = ["p256", "p384", "p521", "ed25519", "rsa2048"];

const keyedCases = keyKinds.map(
  (kind): HonestCase => ({
    name: `signed with a bare key, ${kind}, not logged`,
    formats: SIGNED_TIME,
    change: keyedBy(createKeyPair(kind)),
  }),
);

const twoKeys = [createKeyPair("p256"), createKeyPair("p384")] as const;
/** Signed with keys that the rule names. */
export const HONEST_KEYED: readonly HonestCase[] = [
  ...keyedCases,
  {
    name: "signed by the second of two keys",
    formats: SIGNED_TIME,
    change: all(keyedBy(twoKeys[1]), rule({ keys: twoKeys.map(({ publicPem }) => publicPem) })),
  },
  {
    name: "signed with a bare key and timestamped",
    formats: SIGNED_TIME,
    change: all(keyedBy(twoKeys[0], "timestamp"), request({ timestamp: true })),
  },
  {
    name: "signed with a bare key and logged",
    formats: ALL,
    change: keyedBy(twoKeys[0], "required"),
  },
  {
    name: "signed with a key, logged with a certificate for it",
    formats: ["legacy"],
    change: all(
      request({ key: twoKeys[0] }),
      rule({ identities: [], keys: [twoKeys[0].publicPem], transparencyLog: "required" }),
    ),
  },
];
