import { gzipSync } from "node:zlib";

const BLOCK = 512;

/** A ustar entry as GNU tar and Go's archive/tar write it. */
export const tarEntry = (name: string, content: string | Uint8Array, type = "0", prefix = ""): Uint8Array => {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0);
  header.write("0000644\0", 100);
  header.write(`${bytes.byteLength.toString(8).padStart(11, "0")}\0`, 124);
  header.write("        ", 148);
  header.write(type, 156);
  header.write("ustar\0", 257);
  header.write(prefix, 345);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const padding = Buffer.alloc((BLOCK - (bytes.byteLength % BLOCK)) % BLOCK);
  return Buffer.concat([header, bytes, padding]);
};

export const TAR_END = Buffer.alloc(2 * BLOCK);

export const packTar = (...entries: readonly Uint8Array[]): Uint8Array =>
  gzipSync(Buffer.concat([...entries, TAR_END]));
