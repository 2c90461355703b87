import { describe, expect, test } from "vitest";
import { isValidAt, parseCertificate } from "../../../shared/signature/certificate/certificate.ts";
import {
  allowsUsage,
  authorityKeyIdOf,
  basicConstraintsOf,
  extendedKeyUsageOf,
  hasUnknownCriticalExtension,
  subjectKeyIdOf,
} from "../../../shared/signature/certificate/certificate-constraints.ts";
import {
  childrenOf,
  type Der,
  encodeDer,
  encodingOf,
  readDer,
  sequenceOf,
  TAG,
} from "../../../shared/signature/encoding/der.ts";
import { OID } from "../../../shared/signature/encoding/oids.ts";
import { nextArtifact, refusalOf, sign, sigstore } from "./support.ts";

const { leaf } = sign(nextArtifact(), { format: "bundle-rekor1" });
const LEAF = Buffer.from(leaf ?? []);
const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(" ", ""), "hex");
const seq = (...parts: readonly Buffer[]): Buffer => encodeDer(TAG.sequence, ...parts);
const encoded = (elements: readonly Der[]): readonly Buffer[] => elements.map(encodingOf);

const [tbs, algorithm, signature] = sequenceOf(readDer(LEAF));
if (tbs === undefined || algorithm === undefined || signature === undefined)
  throw new Error("no certificate");
const OUTER = encoded([algorithm, signature]);
const FIELDS = encoded(sequenceOf(tbs));
const VERSION = 0;
const INNER_ALGORITHM = 2;
const VALIDITY = 4;
const EXTENSIONS = FIELDS.length - 1;
const ITEMS = encoded(sequenceOf(childrenOf(readDer(FIELDS[EXTENSIONS] ?? Buffer.alloc(0)))[0]));

/** The leaf with changed fields. Its signature no longer fits, which no reader looks at. */
const rebuild = (change: (fields: Buffer[]) => readonly Buffer[], outer = OUTER): Buffer =>
  seq(seq(...change([...FIELDS])), ...outer);
const replace = (index: number, field: Buffer): Buffer => rebuild((fields) => fields.with(index, field));
const withExtensions = (...items: readonly Buffer[]): Buffer =>
  replace(EXTENSIONS, encodeDer(0xa3, seq(...items)));

const oidOf = (content: string): Buffer => encodeDer(TAG.oid, Buffer.from(content, "latin1"));
const extension = (id: string, value: Buffer, critical?: Buffer): Buffer =>
  seq(oidOf(id), ...(critical === undefined ? [] : [critical]), encodeDer(TAG.octetString, value));
const numbered = (index: number): Buffer =>
  extension(`\x55\x1e${String.fromCharCode(index)}`, Buffer.alloc(0));
const TRUE = bytes("01 01 ff");
const FALSE = bytes("01 01 00");

const outcome = (der: Buffer): string => refusalOf(() => parseCertificate(der));
const MALFORMED = "certificate-malformed";

describe("reading a certificate", () => {
  test.each([
    ["as it was issued", LEAF, "accepted"],
    ["rebuilt from its parts", rebuild((fields) => fields), "accepted"],
    ["with data behind it", Buffer.concat([LEAF, Buffer.alloc(1)]), MALFORMED],
    ["with a fourth part", rebuild((fields) => fields, [...OUTER, bytes("05 00")]), MALFORMED],
    ["without its signature", rebuild((fields) => fields, OUTER.slice(0, 1)), MALFORMED],
    ["of version 1", rebuild((fields) => fields.slice(1)), MALFORMED],
    ["of version 2", replace(VERSION, bytes("a0 03 02 01 01")), MALFORMED],
    ["whose two algorithms differ", replace(INNER_ALGORITHM, seq(oidOf("\x2a\x03"))), MALFORMED],
    [
      "with three times",
      replace(VALIDITY, seq(...encoded(sequenceOf(readDer(FIELDS[VALIDITY] ?? LEAF))), bytes("05 00"))),
      MALFORMED,
    ],
    [
      "with one time",
      replace(VALIDITY, seq(...encoded(sequenceOf(readDer(FIELDS[VALIDITY] ?? LEAF))).slice(1))),
      MALFORMED,
    ],
    [
      "with a unique identifier",
      rebuild((fields) => fields.toSpliced(EXTENSIONS, 0, bytes("81 02 00 01"))),
      MALFORMED,
    ],
    ["with extensions twice", rebuild((fields) => [...fields, fields[EXTENSIONS] ?? LEAF]), MALFORMED],
    [
      "with something behind its extensions",
      replace(EXTENSIONS, encodeDer(0xa3, seq(...ITEMS), seq())),
      MALFORMED,
    ],
    ["without extensions", rebuild((fields) => fields.slice(0, -1)), "accepted"],
    ["with one extension twice", withExtensions(...ITEMS, ITEMS[0] ?? LEAF), MALFORMED],
    [
      "with a FALSE that is spelled out",
      withExtensions(extension("\x55\x1d\x63", bytes("05 00"), FALSE)),
      MALFORMED,
    ],
    ["with an extension of one part", withExtensions(seq(oidOf("\x55\x1d\x63"))), MALFORMED],
    [
      "with an extension of four parts",
      withExtensions(seq(oidOf("\x55\x1d\x63"), TRUE, bytes("04 00"), bytes("04 00"))),
      MALFORMED,
    ],
    [
      "with an extension whose value is bare",
      withExtensions(seq(oidOf("\x55\x1d\x63"), bytes("05 00"))),
      MALFORMED,
    ],
    [
      "with 64 extensions",
      withExtensions(...Array.from({ length: 64 }, (_, index) => numbered(index))),
      "accepted",
    ],
    [
      "with 65 extensions",
      withExtensions(...Array.from({ length: 65 }, (_, index) => numbered(index))),
      MALFORMED,
    ],
    ["of 64 KiB", withExtensions(extension("\x55\x1d\x63", Buffer.alloc(64 * 1024))), MALFORMED],
    ["that is no certificate", bytes("30 00"), MALFORMED],
  ])("%s: %3$s", (_, der, expected) => {
    expect(outcome(der)).toBe(expected);
  });

  test("its validity includes both ends", () => {
    const certificate = parseCertificate(LEAF);
    const { notBeforeMs, notAfterMs } = certificate;
    const times = [notBeforeMs - 1, notBeforeMs, notAfterMs, notAfterMs + 1];
    expect(times.map((atMs) => isValidAt(certificate, atMs))).toEqual([false, true, true, false]);
  });
});

describe("what its extensions say", () => {
  const only = (...items: readonly Buffer[]) => parseCertificate(withExtensions(...items));
  const BASIC = "\x55\x1d\x13";
  const USAGE = "\x55\x1d\x0f";
  const PURPOSES = "\x55\x1d\x25";

  test.each([
    ["30 00", { authority: false, pathLength: undefined }],
    ["30 03 01 01 ff", { authority: true, pathLength: undefined }],
    ["30 06 01 01 ff 02 01 02", { authority: true, pathLength: 2 }],
    ["30 03 02 01 00", { authority: false, pathLength: 0 }],
  ])("basicConstraints %s", (hex, expected) => {
    expect(basicConstraintsOf(only(extension(BASIC, bytes(hex), TRUE)))).toEqual(expected);
  });

  test.each(["30 03 01 01 01", "30 09 01 01 ff 02 01 00 02 01 00", "04 00", "30 03 02 01 ff"])(
    "basicConstraints %s are malformed",
    (hex) => {
      expect(refusalOf(() => basicConstraintsOf(only(extension(BASIC, bytes(hex)))))).toBe(MALFORMED);
    },
  );

  test.each([
    ["03 02 07 80", true, false],
    ["03 02 02 04", false, true],
    ["03 02 01 06", false, true],
    ["03 03 07 00 80", false, false],
  ])("keyUsage %s: signatures %s, certificates %s", (hex, signatures, certificates) => {
    const certificate = only(extension(USAGE, bytes(hex), TRUE));
    expect(allowsUsage(certificate, "digitalSignature")).toBe(signatures);
    expect(allowsUsage(certificate, "keyCertSign")).toBe(certificates);
  });

  test.each(["03 01 00", "04 02 07 80", "30 00"])("keyUsage %s is malformed", (hex) => {
    expect(refusalOf(() => allowsUsage(only(extension(USAGE, bytes(hex))), "digitalSignature"))).toBe(
      MALFORMED,
    );
  });

  test("nothing said restricts nothing", () => {
    const certificate = only(numbered(1));
    expect(allowsUsage(certificate, "digitalSignature")).toBe(true);
    expect(extendedKeyUsageOf(certificate)).toBeUndefined();
    expect(basicConstraintsOf(certificate).authority).toBe(false);
    expect([authorityKeyIdOf(certificate), subjectKeyIdOf(certificate)]).toEqual([undefined, undefined]);
  });

  test("purposes are listed", () => {
    const value = bytes("30 0a 06 08 2b 06 01 05 05 07 03 03");
    expect(extendedKeyUsageOf(only(extension(PURPOSES, value)))).toEqual([OID.codeSigning]);
  });

  test("a critical extension must be one that is understood", () => {
    const unknown = "\x55\x1d\x1e";
    expect(hasUnknownCriticalExtension(only(extension(unknown, bytes("30 00"), TRUE)))).toBe(true);
    expect(hasUnknownCriticalExtension(only(extension(unknown, bytes("30 00"))))).toBe(false);
    expect(hasUnknownCriticalExtension(only(extension(BASIC, bytes("30 00"), TRUE)))).toBe(false);
  });

  test("key identifiers link a leaf to its authority", () => {
    const authority = parseCertificate(Buffer.from(sigstore.services.authority.intermediate.certificate));
    expect(authorityKeyIdOf(parseCertificate(LEAF))).toEqual(subjectKeyIdOf(authority));
  });
});
