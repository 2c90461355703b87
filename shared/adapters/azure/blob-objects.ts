import type { TokenCredential } from "@azure/core-auth";
import { BlobClient } from "@azure/storage-blob";
import { PipelineError } from "../../errors.ts";
import type { ObjectReader } from "../../ports.ts";
import type { EntraTokenSource } from "./entra-token.ts";
import { statusOf, toUnavailable } from "./rest-error.ts";
import { toTokenCredential } from "./token-credential.ts";

const NOT_FOUND = 404;
/** Of a range that begins behind the end: what an empty blob answers to any. */
const NO_SUCH_RANGE = 416;

const invalid = (url: string, message: string): PipelineError =>
  new PipelineError(`${url}: ${message}`, { code: "CATALOG_INVALID" });

const readBlob = async (
  client: BlobClient,
  url: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> => {
  // One byte more than may be there: a blob that grows while it is read is not followed.
  const answer = await client.download(0, maxBytes + 1, { abortSignal: signal });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer.readableStreamBody ?? []) {
    const part = Buffer.from(chunk);
    bytes += part.byteLength;
    if (bytes > maxBytes) throw invalid(url, `is larger than ${maxBytes} bytes`);
    chunks.push(part);
  }
  return Buffer.concat(chunks);
};

/** Reads blobs by their address; `open` gives a client that may. */
const createBlobObjects = (open: (url: string) => BlobClient): ObjectReader => ({
  async read(url, maxBytes, signal) {
    try {
      return await readBlob(open(url), url, maxBytes, signal);
    } catch (error) {
      if (statusOf(error) === NO_SUCH_RANGE) return new Uint8Array();
      if (statusOf(error) === NOT_FOUND) throw invalid(url, "there is no such blob");
      throw toUnavailable(url, "CATALOG_UNAVAILABLE", error);
    }
  },
});

/** Only there is our token shown: sluice.yaml takes any host that looks like these. */
const HOST = /^[a-z0-9]{3,24}\.blob\.core\.(windows\.net|chinacloudapi\.cn|usgovcloudapi\.net)$/;

/** A signed address is a secret, and does not belong where addresses are written. */
const requireAddress = (address: string): void => {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isPlain = url?.href === `https://${url?.hostname}${url?.pathname}`;
  if (url === undefined || !isPlain || !HOST.test(url.host)) {
    const shown = address.split("?")[0] ?? "";
    throw invalid(shown, "write https://ACCOUNT.blob.core.windows.net/CONTAINER/BLOB");
  }
};

/** Blobs of any account that whoever the tokens say we are may read. */
export const openBlobObjects = (
  tokens: EntraTokenSource,
  open = (url: string, credential: TokenCredential): BlobClient => new BlobClient(url, credential),
): ObjectReader =>
  createBlobObjects((url) => {
    requireAddress(url);
    return open(url, toTokenCredential(tokens));
  });
