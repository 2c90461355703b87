import { concat, octetString } from "../../../../functions/local/playground/sigstore/der.ts";
import {
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  PURPOSE,
} from "../../../../functions/local/playground/sigstore/extensions.ts";
import { addExtensions, leafCase, replaceExtension } from "../changes.ts";
import { ALL, type CorpusCase, steps } from "../corpus-case.ts";
import { flip } from "../edit.ts";

const EKU = "2.5.29.37";

const KEY_USAGE = "2.5.29.15";

export const leafCases: readonly CorpusCase[] = [
  leafCase(27, "leaf that is a certificate authority", "certificate-usage", (honest) =>
    addExtensions(honest, basicConstraints(true)),
  ),
  leafCase(27, "leaf that says it is no authority", "verified", (honest) =>
    addExtensions(honest, basicConstraints(false)),
  ),
  leafCase(27, "leaf for server authentication", "certificate-usage", (honest) =>
    replaceExtension(honest, EKU, extendedKeyUsage([PURPOSE.serverAuth])),
  ),
  leafCase(27, "leaf for timestamps", "certificate-usage", (honest) =>
    replaceExtension(honest, EKU, extendedKeyUsage([PURPOSE.timeStamping])),
  ),
  leafCase(27, "leaf without extended key usage", "certificate-usage", (honest) =>
    replaceExtension(honest, EKU),
  ),
  leafCase(27, "leaf for code signing and more", "verified", (honest) =>
    replaceExtension(honest, EKU, extendedKeyUsage([PURPOSE.serverAuth, PURPOSE.codeSigning])),
  ),
  leafCase(27, "leaf whose key may only encipher", "certificate-usage", (honest) =>
    replaceExtension(honest, KEY_USAGE, keyUsage(2)),
  ),
  leafCase(27, "unknown critical extension", "certificate-usage", (honest) =>
    addExtensions(honest, { oid: "1.2.3.4.5", critical: true, value: octetString(Buffer.from("x")) }),
  ),
  leafCase(27, "unknown extension that is not critical", "verified", (honest) =>
    addExtensions(honest, { oid: "1.2.3.4.5", value: octetString(Buffer.from("x")) }),
  ),
  leafCase(27, "extension twice", "certificate-malformed", (honest) =>
    addExtensions(honest, extendedKeyUsage([PURPOSE.codeSigning])),
  ),
  leafCase(27, "critical extension by Fulcio's own number", "certificate-usage", (honest) => ({
    ...honest,
    extensions: honest.extensions.map((extension) =>
      extension.oid === "1.3.6.1.4.1.57264.1.20" ? { ...extension, critical: true } : extension,
    ),
  })),
  {
    attackClass: 27,
    name: "leaf with trailing bytes",
    formats: ALL,
    expected: "certificate-malformed",
    attack: steps({ leaf: (leaf) => concat(leaf, Buffer.of(0)) }),
  },
  {
    attackClass: 27,
    name: "leaf with a bit of its signature flipped",
    formats: ALL,
    expected: "certificate-untrusted",
    attack: steps({ leaf: (leaf) => flip(leaf, -2) }),
  },
  {
    attackClass: 27,
    name: "two outer signature algorithms that disagree",
    formats: ALL,
    expected: "certificate-malformed",
    attack: steps({
      leaf: (leaf) => {
        const copy = Buffer.from(leaf);
        const oid = Buffer.from("2a8648ce3d040303", "hex");
        const last = copy.lastIndexOf(oid);
        copy[last + oid.length - 1] = 2;
        return copy;
      },
    }),
  },
];
