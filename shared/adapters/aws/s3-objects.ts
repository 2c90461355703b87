import type { S3Client } from "@aws-sdk/client-s3";
import { PipelineError } from "../../errors.ts";
import type { ObjectReader } from "../../ports.ts";

const ABSENT: ReadonlySet<string> = new Set(["NoSuchKey", "NoSuchBucket", "NotFound"]);
const ADDRESS = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+)$/;

const refuse = (message: string): PipelineError => new PipelineError(message, { code: "CATALOG_INVALID" });

const concat = async (
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
  url: string,
): Promise<Uint8Array> => {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > maxBytes) throw refuse(`${url}: larger than ${maxBytes} bytes`);
    parts.push(chunk);
  }
  return Buffer.concat(parts);
};

/** Objects of S3 by `s3://bucket/key`. */
export const createS3Objects = (s3: () => Promise<S3Client>): ObjectReader => ({
  async read(url, maxBytes, abortSignal) {
    const [, Bucket, Key] = ADDRESS.exec(url) ?? [];
    if (Bucket === undefined || Key === undefined) throw refuse(`${url}: write s3://<bucket>/<key>`);
    const { GetObjectCommand } = await import("@aws-sdk/client-s3");
    try {
      const { Body } = await (await s3()).send(new GetObjectCommand({ Bucket, Key }), { abortSignal });
      if (Body === undefined) throw refuse(`${url}: S3 answered without a body`);
      return await concat(Body as AsyncIterable<Uint8Array>, maxBytes, url);
    } catch (cause) {
      if (cause instanceof PipelineError) throw cause;
      const name = cause instanceof Error ? cause.name : "unknown error";
      if (ABSENT.has(name)) throw refuse(`${url}: there is no such object`);
      // biome-ignore lint/style/useErrorCause: it quotes what S3 said.
      throw new PipelineError(`${url}: S3 answered ${name}`, { code: "CATALOG_UNAVAILABLE" });
    }
  },
});
