import type { Services } from "../../../../functions/local/playground/sigstore/services.ts";
import { DAY_MS, HOUR_MS, moveValidity, withAuthority } from "../changes.ts";
import { ALL, BUNDLES, type CorpusCase, request, SIGNED_TIME, steps } from "../corpus-case.ts";
import { createSeededBytes, NOW_MS } from "../world.ts";

const random = createSeededBytes(21);

/** Adds a second, real timestamp of the same signature, made an hour later. */
const laterStamp = (services: Services) => {
  let stamped: Uint8Array = new Uint8Array();
  return {
    signature: (signature: Uint8Array): Uint8Array => {
      stamped = signature;
      return signature;
    },
    timestamps: (honest: readonly Uint8Array[]): readonly Uint8Array[] => [
      ...honest,
      services.timestampAuthority.stamp(stamped, NOW_MS + HOUR_MS),
    ],
  };
};

export const expiryCases: readonly CorpusCase[] = [
  {
    attackClass: 8,
    name: "no log entry and no timestamp",
    formats: ALL,
    expected: "no-transparency-log",
    attack: request({ log: false, timestamp: false }),
  },
  {
    attackClass: 8,
    name: "no log entry, but a timestamp",
    formats: ALL,
    expected: "no-transparency-log",
    setup: request({ timestamp: true }),
    attack: request({ log: false }),
  },
  {
    attackClass: 8,
    name: "certificate expired before it was logged",
    formats: SIGNED_TIME,
    expected: "certificate-expired",
    attack: steps({ loggedAtMs: (honest) => honest + HOUR_MS }),
  },
  {
    attackClass: 8,
    name: "logged before the certificate began",
    formats: SIGNED_TIME,
    expected: "certificate-expired",
    attack: steps({ loggedAtMs: (honest) => honest - HOUR_MS }),
  },
  {
    attackClass: 8,
    name: "certificate expired before it was timestamped",
    formats: ["bundle-rekor2"],
    expected: "certificate-expired",
    attack: steps({ token: (token) => ({ ...token, genTimeMs: token.genTimeMs + HOUR_MS }) }),
  },
  {
    attackClass: 8,
    name: "intermediate expired before the leaf was used",
    formats: ALL,
    expected: "certificate-expired",
    attack: withAuthority(random, {
      distortIntermediate: moveValidity(NOW_MS - 100 * DAY_MS, NOW_MS - DAY_MS),
    }),
  },
  {
    attackClass: 8,
    name: "intermediate expires between certificate and log entry",
    formats: SIGNED_TIME,
    expected: "certificate-expired",
    setup: steps({ loggedAtMs: (honest) => honest + 300_000 }),
    attack: withAuthority(random, {
      distortIntermediate: moveValidity(NOW_MS - 100 * DAY_MS, NOW_MS + 60_000),
    }),
  },
  {
    attackClass: 8,
    name: "root of the authority expired before the leaf was used",
    formats: ALL,
    expected: "certificate-expired",
    attack: withAuthority(random, { distortRoot: moveValidity(NOW_MS - 100 * DAY_MS, NOW_MS - DAY_MS) }),
  },
  {
    attackClass: 8,
    name: "intermediate not valid yet",
    formats: ALL,
    expected: "certificate-expired",
    attack: withAuthority(random, {
      distortIntermediate: moveValidity(NOW_MS + DAY_MS, NOW_MS + 100 * DAY_MS),
    }),
  },
  {
    attackClass: 9,
    name: "log time inside the certificate's validity, timestamp outside",
    formats: SIGNED_TIME,
    expected: "certificate-expired",
    setup: request({ timestamp: true }),
    attack: steps({ token: (token) => ({ ...token, genTimeMs: token.genTimeMs + HOUR_MS }) }),
  },
  {
    attackClass: 9,
    name: "timestamp inside the certificate's validity, log time outside",
    formats: SIGNED_TIME,
    expected: "certificate-expired",
    setup: request({ timestamp: true }),
    attack: steps({ loggedAtMs: (honest) => honest - HOUR_MS }),
  },
  {
    attackClass: 9,
    name: "second of two timestamps outside the certificate's validity",
    formats: BUNDLES,
    expected: "certificate-expired",
    setup: request({ timestamp: true }),
    attack: steps(({ sigstore: { services } }) => laterStamp(services)),
  },
];
