import { refuse } from "../refusal.ts";

/** One DER element as positions in the buffer it was read from; nothing is copied. */
export interface Der {
  readonly bytes: Buffer;
  readonly tag: number;
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** `[n]` of its context: constructed unless the encoding says otherwise. */
export const contextTag = (number: number, form: "constructed" | "primitive" = "constructed"): number =>
  (form === "constructed" ? 0xa0 : 0x80) | number;

const malformed = (detail: string): never => refuse("evidence-malformed", detail);

const readLength = (bytes: Buffer, at: number, limit: number): { length: number; next: number } => {
  const first = bytes[at];
  if (first === undefined || at >= limit) return malformed("DER ends early");
  if (first < 0x80) return { length: first, next: at + 1 };
  const count = first & 0x7f;
  // 0x80 is BER's indefinite length; more than four octets is more than any input we take.
  if (count === 0 || count > 4 || at + 1 + count > limit) return malformed("DER length is not definite");
  const length = bytes.readUIntBE(at + 1, count);
  if (length < 0x80 || bytes[at + 1] === 0) return malformed("DER length is not minimal");
  return { length, next: at + 1 + count };
};

const readAt = (bytes: Buffer, at: number, limit: number): Der => {
  const tag = bytes[at];
  if (tag === undefined || at >= limit) return malformed("DER ends early");
  if ((tag & 0x1f) === 0x1f) return malformed("DER tag is too high");
  const { length, next } = readLength(bytes, at + 1, limit);
  if (length > limit - next) return malformed("DER length exceeds its container");
  return { bytes, tag, start: at, contentStart: next, end: next + length };
};

/** Reads exactly one element that fills `bytes`: no BER, no trailing data. */
export const readDer = (bytes: Buffer): Der => {
  const element = readAt(bytes, 0, bytes.length);
  if (element.end !== bytes.length) malformed("data after the DER element");
  return element;
};

const MAX_CHILDREN = 256;

/** The elements inside a constructed one. Callers walk by hand, so depth is bounded by the code that reads. */
export const childrenOf = (parent: Der): readonly Der[] => {
  if ((parent.tag & 0x20) === 0) malformed("DER element is not constructed");
  return elementsIn(parent);
};

/** The elements encoded inside any element's content, for OCTET STRINGs that hold DER. */
export const elementsIn = (parent: Der): readonly Der[] => {
  const children: Der[] = [];
  for (let at = parent.contentStart; at < parent.end; ) {
    const child = readAt(parent.bytes, at, parent.end);
    children.push(child);
    if (children.length > MAX_CHILDREN) malformed("too many DER elements");
    at = child.end;
  }
  return children;
};

export const onlyElementIn = (parent: Der): Der => {
  const [only, extra] = elementsIn(parent);
  return only === undefined || extra !== undefined ? malformed("expected one DER element") : only;
};

export const expectTag = (element: Der | undefined, tag: number): Der =>
  element === undefined || element.tag !== tag
    ? malformed(`expected DER tag ${tag}, got ${element?.tag ?? "nothing"}`)
    : element;

export const sequenceOf = (element: Der | undefined): readonly Der[] =>
  childrenOf(expectTag(element, TAG.sequence));

export const contentOf = (element: Der): Buffer => element.bytes.subarray(element.contentStart, element.end);

export const encodingOf = (element: Der): Buffer => element.bytes.subarray(element.start, element.end);

/** Header and content of a definite, minimal DER element. */
export const encodeDer = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const length = parts.reduce((total, part) => total + part.length, 0);
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), ...parts]);
  const octets = length < 0x100 ? 1 : length < 0x10000 ? 2 : length < 0x1000000 ? 3 : 4;
  const header = Buffer.alloc(2 + octets);
  header[0] = tag;
  header[1] = 0x80 | octets;
  header.writeUIntBE(length, 2, octets);
  return Buffer.concat([header, ...parts]);
};
