import { BlobClient } from "@azure/storage-blob";
import { PipelineError } from "../../errors.ts";
import type { ObjectReader } from "../../ports.ts";
import type { EntraTokenSource } from "./entra-token.ts";
import { statusOf, toUnavailable } from "./rest-error.ts";
import { toTokenCredential } from "./token-credential.ts";

const NOT_FOUND = 404;

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
export const createBlobObjects = (open: (url: string) => BlobClient): ObjectReader => ({
  async read(url, maxBytes, signal) {
    try {
      return await readBlob(open(url), url, maxBytes, signal);
    } catch (error) {
      if (statusOf(error) === NOT_FOUND) throw invalid(url, "there is no such blob");
      throw toUnavailable(url, "CATALOG_UNAVAILABLE", error);
    }
  },
});

/** Only there is our token shown: sluice.yaml takes any host that looks like these. */
const HOST = /^[a-z0-9]{3,24}\.blob\.core\.(windows\.net|chinacloudapi\.cn|usgovcloudapi\.net)$/;

/** Blobs of any account that whoever the tokens say we are may read. */
export const openBlobObjects = (tokens: EntraTokenSource): ObjectReader =>
  createBlobObjects((url) => {
    if (!HOST.test(new URL(url).host)) throw invalid(url, "is no address in Azure's Blob Storage");
    return new BlobClient(url, toTokenCredential(tokens));
  });
