import { toPem } from "../../../../functions/local/playground/sigstore/certificate.ts";
import { createKeyPair } from "../../../../functions/local/playground/sigstore/keys.ts";
import { ALL, type CorpusCase, type Expected, steps } from "../corpus-case.ts";
import { ENTRY, edit, editAnnotation, editLogBundle, tamper } from "../edit.ts";

const signature = (
  name: string,
  change: (base64: string) => string,
  expected: Expected = "evidence-malformed",
): CorpusCase => ({
  attackClass: 25,
  name: `signature's base64 ${name}`,
  formats: ALL,
  expected,
  attack: steps(
    tamper({
      layer: (layer) => editAnnotation(layer, "signature", change),
      bundle: (bundle) => edit(bundle, ["dsseEnvelope", "signatures", 0, "sig"], (sig) => change(`${sig}`)),
    }),
  ),
});

const pem = (
  name: string,
  change: (pem: string) => string,
  expected: Expected = "evidence-malformed",
): CorpusCase => ({
  attackClass: 25,
  name: `certificate's PEM ${name}`,
  formats: ["legacy"],
  expected,
  attack: steps(tamper({ layer: (layer) => editAnnotation(layer, "certificate", change) })),
});

/** The last digit before the padding has bits that no byte uses: setting one spells the same bytes again. */
const withStrayBits = (base64: string): string => {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const at = base64.indexOf("=") - 1;
  if (at < 0) return `${base64}=`;
  const next = digits[digits.indexOf(base64[at] ?? "A") + 1] ?? "A";
  return `${base64.slice(0, at)}${next}${base64.slice(at + 1)}`;
};

export const textCases: readonly CorpusCase[] = [
  signature("with white space", (base64) => `${base64.slice(0, 8)} ${base64.slice(8)}`),
  signature("with a line break at its end", (base64) => `${base64}\n`),
  signature("with characters that are none", (base64) => `!!${base64}`),
  signature("with one character more", (base64) => `${base64}A`),
  signature("with stray bits in its last digit", withStrayBits),
  signature("with data after the padding", (base64) => `${base64}====AAAA`),
  {
    attackClass: 25,
    name: "signature's base64 in the URL alphabet",
    formats: ALL,
    expected: "evidence-malformed",
    attack: steps({
      ...tamper({
        layer: (layer) => editAnnotation(layer, "signature", (base64) => `-_${base64.slice(2)}`),
        bundle: (bundle) =>
          edit(bundle, ["dsseEnvelope", "signatures", 0, "sig"], (sig) => `-_${`${sig}`.slice(2)}`),
      }),
    }),
  },
  {
    attackClass: 25,
    name: "entry body's base64 with white space",
    formats: ALL,
    expected: "evidence-malformed",
    attack: steps(
      tamper({
        layer: (layer) =>
          editLogBundle(layer, (log) => edit(log, ["Payload", "body"], (body) => `${body}\n`)),
        bundle: (bundle) => edit(bundle, [...ENTRY, "canonicalizedBody"], (body) => `${body}\n`),
      }),
    ),
  },
  pem("followed by a second certificate", (one) => `${one}${toPem(Buffer.from("3000", "hex"))}`),
  pem("after text", (one) => `subject=evil\n${one}`),
  pem("preceded by another certificate", (one) => `${toPem(Buffer.from("3000", "hex"))}${one}`),
  pem("under another label", (one) => one.replaceAll("CERTIFICATE", "TRUSTED CERTIFICATE")),
  pem("with headers", (one) => one.replace("-----\n", "-----\nProc-Type: 4,ENCRYPTED\n\n")),
  pem("with line breaks of Windows", (one) => one.replaceAll("\n", "\r\n"), "verified"),
  pem("without its last line break", (one) => one.trimEnd(), "verified"),
  pem("that holds a public key", () => createKeyPair("p256").publicPem),
];
