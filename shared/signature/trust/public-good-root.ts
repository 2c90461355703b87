import { createHash } from "node:crypto";
import { PipelineError } from "../../errors.ts";
import publicGood from "./public-good-trusted-root.json" with { type: "json" };

/** sha256 of the file as the Sigstore project's own TUF repository publishes it. */
export const PUBLIC_GOOD_SHA256 = "6494e21ea73fa7ee769f85f57d5a3e6a08725eae1e38c755fc3517c9e6bc0b66";

/** Version of the repository's targets metadata that names this file. A refresh never goes below it. */
export const PUBLIC_GOOD_VERSION = 14;

const load = (): Uint8Array => {
  // Imported as JSON so that bundlers carry it along; written out again byte for byte, which the pin proves.
  const bytes = Buffer.from(`${JSON.stringify(publicGood, null, 2)}\n`);
  if (createHash("sha256").update(bytes).digest("hex") !== PUBLIC_GOOD_SHA256) {
    throw new PipelineError("the shipped trusted root is not the pinned one", { code: "TRUST_ROOT_INVALID" });
  }
  return bytes;
};

let bytes: Uint8Array | undefined;

/** The public-good Sigstore's trusted root as shipped: what is trusted before, and without, any refresh. */
export const publicGoodRoot = (): Uint8Array => {
  bytes ??= load();
  return bytes;
};
