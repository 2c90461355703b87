/** A regular file of an archive. */
export interface TarFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Not a tar archive, or cut short. */
export class TarError extends Error {
  override readonly name = "TarError";
}

const BLOCK = 512;
const FIELD = {
  name: [0, 100],
  size: [124, 12],
  checksum: [148, 8],
  type: [156, 1],
  magic: [257, 5],
  prefix: [345, 155],
} as const satisfies Record<string, readonly [offset: number, length: number]>;
/** Long names come in headers of their own; nobody's path is longer. */
const MAX_EXTENSION_BYTES = 64 * 1024;

type Field = keyof typeof FIELD;

const fieldBytes = (header: Uint8Array, field: Field): Uint8Array => {
  const [offset, length] = FIELD[field];
  return header.subarray(offset, offset + length);
};

const toText = (bytes: Uint8Array): string => {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end === -1 ? bytes : bytes.subarray(0, end));
};

const readField = (header: Uint8Array, field: Field): string => toText(fieldBytes(header, field));

const readOctal = (header: Uint8Array, field: Field): number => {
  const digits = readField(header, field).trim();
  if (!/^[0-7]{1,12}$/.test(digits)) throw new TarError(`${field} is not octal`);
  return Number.parseInt(digits, 8);
};

/** The sum over the header with its own field read as blanks. */
const isIntact = (header: Uint8Array): boolean => {
  const [offset, length] = FIELD.checksum;
  let sum = 0;
  for (const [at, byte] of header.entries()) sum += at >= offset && at < offset + length ? 32 : byte;
  return sum === readOctal(header, "checksum");
};

/** `<length> path=<value>\n` of a pax header. */
const readPaxPath = (bytes: Uint8Array): string | undefined =>
  /(?:^|\n)\d+ path=([^\n]*)\n/.exec(new TextDecoder().decode(bytes))?.[1];

const toName = (header: Uint8Array): string => {
  const name = readField(header, "name");
  const prefix = readField(header, "magic") === "ustar" ? readField(header, "prefix") : "";
  return prefix === "" ? name : `${prefix}/${name}`;
};

/** Walks an archive's regular files without copying them. Ends at the zero block, as tar does. */
export function* readTar(archive: Uint8Array): Generator<TarFile> {
  let longName: string | undefined;
  for (let at = 0; at + BLOCK <= archive.byteLength; ) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return;
    if (!isIntact(header)) throw new TarError("a header's checksum is wrong");
    const size = readOctal(header, "size");
    const start = at + BLOCK;
    if (start + size > archive.byteLength) throw new TarError("the archive is cut short");
    const bytes = archive.subarray(start, start + size);
    at = start + Math.ceil(size / BLOCK) * BLOCK;
    const type = readField(header, "type");
    if (type === "x" || type === "L") {
      if (size > MAX_EXTENSION_BYTES) throw new TarError("a name is too long");
      longName = type === "x" ? (readPaxPath(bytes) ?? longName) : toText(bytes);
      continue;
    }
    if (type === "0" || type === "") yield { name: longName ?? toName(header), bytes };
    longName = undefined;
  }
}
