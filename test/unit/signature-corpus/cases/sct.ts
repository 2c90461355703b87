import { signSct } from "../../../../functions/local/playground/sigstore/ct-log.ts";
import { concat } from "../../../../functions/local/playground/sigstore/der.ts";
import { ALL, type CorpusCase, SIGNED_TIME, steps } from "../corpus-case.ts";

/** What the authority put into the certificate, as it is: nothing outside says how long an SCT is. */
const malformedSct = (name: string, change: (sct: Uint8Array) => Uint8Array): CorpusCase => ({
  attackClass: 33,
  name: `SCT ${name}`,
  formats: SIGNED_TIME,
  expected: "sct-invalid",
  attack: steps({ scts: (sct, { key }) => [change(signSct(sct, key))] }),
});

const withByte =
  (offset: number, value: number) =>
  (sct: Uint8Array): Uint8Array =>
    Uint8Array.from(sct).with(offset, value);

const HASH_OFFSET = 43;

const malformedScts = [
  malformedSct("of another version", withByte(0, 1)),
  malformedSct("with trailing bytes", (sct) => concat(sct, Buffer.of(0))),
  malformedSct("cut off", (sct) => sct.subarray(0, sct.length - 1)),
  malformedSct("cut off before its signature", (sct) => sct.subarray(0, HASH_OFFSET)),
  malformedSct("of a few bytes", (sct) => sct.subarray(0, 10)),
  malformedSct("that is empty", () => new Uint8Array()),
  malformedSct("whose extensions are longer than itself", withByte(41, 0xff)),
  malformedSct("over another hash", withByte(HASH_OFFSET, 2)),
  malformedSct("by another kind of key than the log's", withByte(HASH_OFFSET + 1, 1)),
];

export const sctCases: readonly CorpusCase[] = [
  {
    attackClass: 7,
    name: "the same SCT twice",
    formats: ALL,
    expected: "evidence-duplicated",
    attack: steps({
      scts: (sct, { key }) => {
        const signed = signSct(sct, key);
        return [signed, signed];
      },
    }),
  },
  {
    attackClass: 33,
    name: "no SCT",
    formats: ALL,
    expected: "sct-missing",
    attack: steps({ scts: () => [] }),
  },
  {
    attackClass: 33,
    name: "SCT of a log that nobody trusts",
    formats: ALL,
    expected: "sct-missing",
    attack: steps((_scenario, { foreign }) => ({
      scts: (sct) => {
        const { logId, key } = foreign.services.ctLog;
        return [signSct({ ...sct, logId }, key)];
      },
    })),
  },
  {
    attackClass: 33,
    name: "SCT by another key in the log's name",
    formats: ALL,
    expected: "sct-invalid",
    attack: steps((_scenario, { foreign }) => ({
      scts: (sct) => [signSct(sct, foreign.services.ctLog.key)],
    })),
  },
  {
    attackClass: 33,
    name: "SCT of another certificate",
    formats: ALL,
    expected: "sct-invalid",
    attack: steps({ scts: (sct, { key }) => [signSct({ ...sct, tbs: concat(sct.tbs, Buffer.of(0)) }, key)] }),
  },
  {
    attackClass: 33,
    name: "SCT for another issuer",
    formats: ALL,
    expected: "sct-invalid",
    attack: steps({
      scts: (sct, { key }) => [signSct({ ...sct, issuerKeyHash: Buffer.alloc(32) }, key)],
    }),
  },
  {
    attackClass: 33,
    name: "SCT of a log that nobody trusts beside a good one",
    formats: SIGNED_TIME,
    expected: "verified",
    attack: steps((_scenario, { foreign }) => ({
      scts: (sct, { key }) => {
        const { ctLog } = foreign.services;
        return [signSct({ ...sct, logId: ctLog.logId }, ctLog.key), signSct(sct, key)];
      },
    })),
  },
  {
    attackClass: 33,
    name: "SCT with extensions, which its signature covers",
    formats: SIGNED_TIME,
    expected: "verified",
    attack: steps({
      scts: (sct, { key }) => [signSct({ ...sct, extensions: Buffer.from("0005000000abcd", "hex") }, key)],
    }),
  },
  ...malformedScts,
];
