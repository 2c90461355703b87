import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { importKey } from "../../../shared/signature/key/keys.ts";
import { parseCheckpoint, verifyCheckpoint } from "../../../shared/signature/log/checkpoint.ts";
import { Refusal } from "../../../shared/signature/refusal.ts";
import type { TransparencyLog } from "../../../shared/signature/trust/trusted-root.ts";
import { refusalOf } from "./support.ts";

const ROOT = Buffer.alloc(32, 7).toString("base64");
const SIGNATURE = Buffer.alloc(68, 1).toString("base64");
const line = (name = "log.example", encoded = SIGNATURE): string => `\u2014 ${name} ${encoded}\n`;
const note = (body = `log.example\n10\n${ROOT}\n`, signatures = line()): string => `${body}\n${signatures}`;

describe("a signed note", () => {
  test.each([
    ["as a log writes it", note(), "accepted"],
    ["with further lines", note(`log.example - 12\n10\n${ROOT}\nTimestamp: 1\n`), "accepted"],
    ["with witnesses", note(undefined, line() + line("witness.example/w") + line("other")), "accepted"],
    ["of an empty tree", note(`log.example\n0\n${ROOT}\n`), "accepted"],
    ["without signatures", `log.example\n10\n${ROOT}\n`, "checkpoint-malformed"],
    ["with an empty signature part", `log.example\n10\n${ROOT}\n\n`, "checkpoint-malformed"],
    ["without an origin", note(`\n10\n${ROOT}\n`), "checkpoint-malformed"],
    ["without a size", note(`log.example\n${ROOT}\n`), "checkpoint-malformed"],
    ["with a size with a leading zero", note(`log.example\n010\n${ROOT}\n`), "checkpoint-malformed"],
    ["with a negative size", note(`log.example\n-1\n${ROOT}\n`), "checkpoint-malformed"],
    ["with a size beyond counting", note(`log.example\n9999999999999999\n${ROOT}\n`), "checkpoint-malformed"],
    ["without a root", note("log.example\n10\n"), "checkpoint-malformed"],
    [
      "with a short root",
      note(`log.example\n10\n${Buffer.alloc(31).toString("base64")}\n`),
      "checkpoint-malformed",
    ],
    ["with a hyphen for a dash", note(undefined, `- log.example ${SIGNATURE}\n`), "checkpoint-malformed"],
    ["with a blank in a name", note(undefined, line("log example")), "checkpoint-malformed"],
    [
      "with a signature too short for its hint",
      note(undefined, line("log.example", "AAAA")),
      "checkpoint-malformed",
    ],
    [
      "with a signature that is not base64",
      note(undefined, line("log.example", "A A")),
      "checkpoint-malformed",
    ],
    ["with text between signatures", note(undefined, `${line()}text\n${line()}`), "checkpoint-malformed"],
    ["without a final line feed", note().slice(0, -1), "checkpoint-malformed"],
    ["with too many signatures", note(undefined, line().repeat(65)), "checkpoint-malformed"],
    ["without end", note(`log.example\n10\n${ROOT}\n${"x".repeat(40_000)}\n`), "checkpoint-malformed"],
  ])("%s", (_, envelope, expected) => {
    expect(refusalOf(() => parseCheckpoint(envelope))).toBe(expected);
  });
});

interface Pair {
  readonly log: TransparencyLog;
  readonly privateKey: KeyObject;
}

const createLog = (type: "ec" | "ed25519", hosts: readonly string[] = ["log.example"]): Pair => {
  const { publicKey, privateKey } =
    type === "ec" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("ed25519");
  const publicKeyInfo = publicKey.export({ format: "der", type: "spki" });
  const key = importKey(publicKeyInfo);
  if (key === undefined) throw new Error("no key");
  const log = { id: Buffer.alloc(32), key, publicKeyInfo, hosts, validFor: { startMs: 0, endMs: undefined } };
  return { log, privateKey };
};

/** C2SP signed-note: what names the key. */
const hintOf = ({ log }: Pair, name: string): Buffer =>
  (log.key.family === "ed25519"
    ? createHash("sha256")
        .update(`${name}\n`)
        .update(Buffer.from([1]))
        .update(log.publicKeyInfo.subarray(-32))
    : createHash("sha256").update(log.publicKeyInfo)
  )
    .digest()
    .subarray(0, 4);

const signLine = (pair: Pair, text: string, name: string, hint = hintOf(pair, name)): string => {
  const algorithm = pair.log.key.family === "ed25519" ? null : "sha256";
  return line(
    name,
    Buffer.concat([hint, sign(algorithm, Buffer.from(text), pair.privateKey)]).toString("base64"),
  );
};

const outcome = async (envelope: string, log: TransparencyLog, version: 1 | 2): Promise<string> => {
  try {
    await verifyCheckpoint(parseCheckpoint(envelope), log, version);
    return "accepted";
  } catch (error) {
    if (error instanceof Refusal) return error.reason;
    throw error;
  }
};

describe.each([
  ["Rekor v1", 1, "ec", "log.example - 1193050959916656506"],
  ["Rekor v2", 2, "ed25519", "log.example"],
] as const)("a checkpoint of %s", (_, version, type, origin) => {
  const own = createLog(type);
  const foreign = createLog(type);
  const text = `${origin}\n10\n${ROOT}\n`;
  const good = signLine(own, text, "log.example");
  const ORIGIN = "checkpoint-origin-mismatch";
  const INVALID = "checkpoint-signature-invalid";

  test.each([
    ["signed by the log", `${text}\n${good}`, "accepted"],
    ["with a witness before it", `${text}\n${line("witness")}${good}`, "accepted"],
    [
      "with a bad signature by the log behind the good one",
      `${text}\n${good}${line("log.example")}`,
      "accepted",
    ],
    ["signed by another log under this name", `${text}\n${signLine(foreign, text, "log.example")}`, INVALID],
    [
      "signed by another log under this name and hint",
      `${text}\n${signLine(foreign, text, "log.example", hintOf(own, "log.example"))}`,
      INVALID,
    ],
    ["signed by the log under another name", `${text}\n${signLine(own, text, "other.example")}`, INVALID],
    ["signed for another text", `${text}\n${signLine(own, `${text}x\n`, "log.example")}`, INVALID],
    ["with a changed hint", `${text}\n${signLine(own, text, "log.example", Buffer.alloc(4))}`, INVALID],
  ])("%s", async (_name, envelope, expected) => {
    expect(await outcome(envelope, own.log, version)).toBe(expected);
  });

  test.each([
    "log.example.org",
    "xlog.example",
    "log-example",
    "LOG.example",
    "log.example - ",
    "log.example - x",
    "log.example - 12 - 12",
    version === 1 ? "log.example" : "log.example - 12",
    ".*",
  ])("of %s is another's", async (other) => {
    const body = `${other}\n10\n${ROOT}\n`;
    const name = other.split(" ")[0] ?? other;
    expect(await outcome(`${body}\n${signLine(own, body, name)}`, own.log, version)).toBe(ORIGIN);
  });

  test("may name the port", async () => {
    const ported = createLog(type, ["log.example", "log.example:8000"]);
    const body = text.replace("log.example", "log.example:8000");
    expect(await outcome(`${body}\n${signLine(ported, body, "log.example:8000")}`, ported.log, version)).toBe(
      "accepted",
    );
  });
});
