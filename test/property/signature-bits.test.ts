import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { childrenOf, type Der, readDer } from "../../shared/signature/encoding/der.ts";
import {
  flipBit,
  type HonestLayer,
  isVerifiedBundle,
  isVerifiedLayer,
  signBundle,
  signLayer,
} from "./signature-evidence.ts";

/*
 * Any bit flipped in bytes that a verdict rests on ends it. The bytes that no verdict rests on are those below,
 * each with the reason; every one of them is shown to be free, so the list cannot grow by accident.
 */
const RUNS = { numRuns: 400, seed: 20_261_120 };

type Path = readonly (string | number)[];

const get = (json: unknown, path: Path): unknown =>
  path.reduce((value, key) => (value as Record<string | number, unknown>)[key], json);

const set = (json: unknown, [head, ...rest]: Path, value: unknown): unknown => {
  if (head === undefined) return value;
  const copy = (Array.isArray(json) ? [...json] : { ...(json as object) }) as Record<
    string | number,
    unknown
  >;
  copy[head] = set(copy[head], rest, value);
  return copy;
};

const MATERIAL = "verificationMaterial";
const ENTRY: Path = [MATERIAL, "tlogEntries", 0];
const TOKEN: Path = [MATERIAL, "timestampVerificationData", "rfc3161Timestamps", 0, "signedTimestamp"];

/** Every field of a bundle that holds bytes. */
const BYTE_FIELDS: readonly Path[] = [
  [MATERIAL, "certificate", "rawBytes"],
  [...ENTRY, "logId", "keyId"],
  [...ENTRY, "inclusionProof", "rootHash"],
  [...ENTRY, "inclusionProof", "hashes", 0],
  [...ENTRY, "canonicalizedBody"],
  ["dsseEnvelope", "payload"],
  ["dsseEnvelope", "signatures", 0, "sig"],
];

const toBundle = (json: unknown): Buffer => Buffer.from(JSON.stringify(json));

const flipField = (json: unknown, path: Path, seed: number): Buffer => {
  const bytes = Buffer.from(get(json, path) as string, "base64");
  return toBundle(set(json, path, flipBit(bytes, seed % (bytes.length * 8)).toString("base64")));
};

describe.each(["bundle-rekor1", "bundle-rekor2"] as const)("%s", (format) => {
  const { json, bytes, subject } = signBundle(format);
  const fields =
    format === "bundle-rekor1"
      ? [...BYTE_FIELDS, [...ENTRY, "inclusionPromise", "signedEntryTimestamp"]]
      : BYTE_FIELDS;

  test("verifies as it is", async () => {
    expect(await isVerifiedBundle(bytes, subject)).toBe(true);
    expect(await isVerifiedBundle(toBundle(json), subject)).toBe(true);
  });

  test("a flipped bit of the file ends it, except in a timestamp that says the same", async () => {
    const token = bytes.indexOf(get(json, TOKEN) as string);
    const length = (get(json, TOKEN) as string).length;
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
        const at = bit >> 3;
        fc.pre(at < token || at >= token + length);
        return !(await isVerifiedBundle(flipBit(bytes, bit), subject));
      }),
      RUNS,
    );
  });

  test.each(fields.map((path) => [path.join("."), path] as const))(
    "a flipped bit of %s ends it",
    async (_, path) => {
      await fc.assert(
        fc.asyncProperty(
          fc.nat(1_000_000),
          async (seed) => !(await isVerifiedBundle(flipField(json, path, seed), subject)),
        ),
        { ...RUNS, numRuns: 60 },
      );
    },
  );

  test("a flipped bit of the checkpoint ends it", async () => {
    const path: Path = [...ENTRY, "inclusionProof", "checkpoint", "envelope"];
    const note = Buffer.from(get(json, path) as string);
    await fc.assert(
      fc.asyncProperty(fc.nat(note.length * 8 - 1), async (bit) => {
        const changed = flipBit(note, bit).toString("utf8");
        return !(await isVerifiedBundle(toBundle(set(json, path, changed)), subject));
      }),
      { ...RUNS, numRuns: 150 },
    );
  });

  test("a log entry's number is not free either", async () => {
    for (const path of [
      [...ENTRY, "logIndex"],
      [...ENTRY, "inclusionProof", "logIndex"],
    ]) {
      const other = `${Number(get(json, path) as string) + 1}`;
      expect(await isVerifiedBundle(toBundle(set(json, path, other)), subject)).toBe(false);
    }
  });
});

interface Range {
  readonly why: string;
  readonly start: number;
  readonly end: number;
}

const child = (parent: Der, index: number): Der => {
  const found = childrenOf(parent)[index];
  if (found === undefined) throw new Error("no such element");
  return found;
};

const parameters = (algorithm: Der): readonly Der[] => childrenOf(algorithm).slice(1);

/** The parts of a timestamp that nothing rests on, while the trusted root lists the signing certificate itself. */
const freeRanges = (token: Buffer): readonly Range[] => {
  const response = readDer(token);
  const signedData = child(child(child(response, 1), 1), 0);
  const parts = childrenOf(signedData);
  const infos = parts.at(-1);
  const info = infos === undefined ? signedData : child(infos, 0);
  const free = (why: string, { start, end }: Der): Range => ({ why, start, end });
  return [
    free(
      "PKIStatus: granted, or granted with modifications; the token itself is signed",
      child(child(response, 0), 0),
    ),
    free("version of the CMS structure: its parts are read by their tags", child(signedData, 0)),
    free("digestAlgorithms: a hint for readers in one pass; the signer names its own", child(signedData, 1)),
    ...parts
      .filter(({ tag }) => tag === 0xa0)
      .map((bag) => free("certificates: candidates only, the trusted root lists the signer's", bag)),
    free("version of the signer's structure", child(info, 0)),
    ...[child(info, 2), child(info, 4)]
      .flatMap(parameters)
      .map((element) => free("parameters of an algorithm that has none (NULL)", element)),
  ];
};

describe("a timestamp", () => {
  const { json, subject } = signBundle("bundle-rekor2");
  const token = Buffer.from(get(json, TOKEN) as string, "base64");
  const ranges = freeRanges(token);
  const isVerifiedWith = (changed: Buffer): Promise<boolean> =>
    isVerifiedBundle(toBundle(set(json, TOKEN, changed.toString("base64"))), subject);

  test("a flipped bit ends it, except where nothing rests on it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length * 8 - 1), async (bit) => {
        const at = bit >> 3;
        if (!(await isVerifiedWith(flipBit(token, bit)))) return true;
        return ranges.some(({ start, end }) => start <= at && at < end);
      }),
      { ...RUNS, numRuns: 1200 },
    );
  });

  test.each(ranges.map((range) => [range.why, range] as const))("%s", async (_, { start, end }) => {
    const verified = [];
    for (let bit = start * 8; bit < end * 8 && verified.length === 0; bit += 1) {
      if (await isVerifiedWith(flipBit(token, bit))) verified.push(bit);
    }
    expect(verified).not.toEqual([]);
  });
});

describe("an older signature", () => {
  const honest = signLayer();
  const names = Object.keys(honest.annotations);
  const annotate = (name: string, value: string): HonestLayer => ({
    ...honest,
    annotations: { ...honest.annotations, [name]: value },
  });
  /** Read by nobody: authorities come from the trusted root. */
  const FREE = "dev.sigstore.cosign/chain";
  const TIMESTAMP = "dev.sigstore.cosign/rfc3161timestamp";

  test("verifies as it is", async () => {
    expect(await isVerifiedLayer(honest)).toBe(true);
    expect(names).toContain(FREE);
  });

  test("a flipped bit of the payload ends it", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(honest.payload.length * 8 - 1),
        async (bit) => !(await isVerifiedLayer({ ...honest, payload: flipBit(honest.payload, bit) })),
      ),
      RUNS,
    );
  });

  test.each(names.filter((name) => name !== FREE && name !== TIMESTAMP))(
    "a flipped bit of %s ends it",
    async (name) => {
      const text = Buffer.from(honest.annotations[name] ?? "");
      await fc.assert(
        fc.asyncProperty(fc.nat(text.length * 8 - 1), async (bit) => {
          const changed = flipBit(text, bit).toString("utf8");
          // The last line feed of a PEM block may be another blank; the block is what counts.
          fc.pre(changed.trim() !== text.toString("utf8").trim());
          return !(await isVerifiedLayer(annotate(name, changed)));
        }),
        RUNS,
      );
    },
  );

  test("the chain that came along is free", async () => {
    expect(await isVerifiedLayer(annotate(FREE, "anything"))).toBe(true);
  });

  test("a timestamp that does not verify counts for nothing beside the log's own time", async () => {
    const other = JSON.stringify({ SignedRFC3161Timestamp: Buffer.alloc(64, 1).toString("base64") });
    expect(await isVerifiedLayer(annotate(TIMESTAMP, other))).toBe(true);
  });
});
