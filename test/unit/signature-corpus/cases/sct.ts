import { signSct } from "../../../../functions/local/playground/sigstore/ct-log.ts";
import { concat } from "../../../../functions/local/playground/sigstore/der.ts";
import { createKeyPair } from "../../../../functions/local/playground/sigstore/keys.ts";
import { ALL, type CorpusCase, SIGNED_TIME, steps } from "../corpus-case.ts";

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
];

const _key = createKeyPair("p256");
