/** One element of a DER document: where it lies, and which elements enclose it. */
export interface DerNode {
  readonly path: string;
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
  readonly enclosing: readonly DerNode[];
}

const CONSTRUCTED = 0x20;

const readNode = (der: Buffer, start: number, path: string, enclosing: readonly DerNode[]): DerNode => {
  const first = der[start + 1] ?? 0;
  const digits = first < 0x80 ? 0 : first & 0x7f;
  const length = digits === 0 ? first : der.readUIntBE(start + 2, digits);
  const contentStart = start + 2 + digits;
  return { path, start, contentStart, end: contentStart + length, enclosing };
};

/** All elements, parents first. Written for honest DER: it trusts its input. */
export const derNodesOf = (der: Buffer): readonly DerNode[] => {
  const visit = (start: number, path: string, enclosing: readonly DerNode[]): readonly DerNode[] => {
    const node = readNode(der, start, path, enclosing);
    const below: DerNode[] = [];
    if (((der[start] ?? 0) & CONSTRUCTED) !== 0) {
      let at = node.contentStart;
      for (let index = 0; at < node.end; index += 1) {
        const [child, ...others] = visit(at, `${path}.${index}`, [...enclosing, node]);
        if (child === undefined) break;
        below.push(child, ...others);
        at = child.end;
      }
    }
    return [node, ...below];
  };
  return visit(0, "0", []);
};

const encodeLength = (length: number): Buffer => {
  if (length < 0x80) return Buffer.of(length);
  const digits = Buffer.from(length.toString(16).padStart(length > 0xff ? 4 : 2, "0"), "hex");
  return Buffer.concat([Buffer.of(0x80 | digits.length), digits]);
};

/** The document with one element's bytes replaced, and every enclosing length put right. */
const replaceBytes = (der: Buffer, { start, end, enclosing }: DerNode, by: Buffer): Buffer => {
  let [from, to, bytes] = [start, end, by];
  for (const parent of enclosing.toReversed()) {
    const content = Buffer.concat([
      der.subarray(parent.contentStart, from),
      bytes,
      der.subarray(to, parent.end),
    ]);
    bytes = Buffer.concat([
      der.subarray(parent.start, parent.start + 1),
      encodeLength(content.length),
      content,
    ]);
    [from, to] = [parent.start, parent.end];
  }
  return bytes;
};

type Mutation = (der: Buffer, node: DerNode) => Buffer;

const rewrap =
  (wrap: (tag: number, content: Buffer) => Buffer): Mutation =>
  (der, node) =>
    replaceBytes(der, node, wrap(der[node.start] ?? 0, der.subarray(node.contentStart, node.end)));

/** The ways in which structures are bent; lengths above the bent element stay right, so readers get that far. */
export const DER_MUTATIONS: Readonly<Record<string, Mutation>> = {
  removed: (der, node) => replaceBytes(der, node, Buffer.alloc(0)),
  doubled: (der, node) => {
    const bytes = der.subarray(node.start, node.end);
    return replaceBytes(der, node, Buffer.concat([bytes, bytes]));
  },
  emptied: rewrap((tag) => Buffer.of(tag, 0)),
  "of another tag": rewrap((tag, content) =>
    Buffer.concat([Buffer.of(tag ^ 0x01), encodeLength(content.length), content]),
  ),
  "constructed where primitive": rewrap((tag, content) =>
    Buffer.concat([Buffer.of(tag ^ CONSTRUCTED), encodeLength(content.length), content]),
  ),
  "with a longer form of its length": rewrap((tag, content) =>
    Buffer.concat([Buffer.of(tag, 0x83, 0, content.length >> 8, content.length & 0xff), content]),
  ),
  "of indefinite length": rewrap((tag, content) =>
    Buffer.concat([Buffer.of(tag, 0x80), content, Buffer.of(0, 0)]),
  ),
  "with a byte added": rewrap((tag, content) =>
    Buffer.concat([Buffer.of(tag), encodeLength(content.length + 1), content, Buffer.of(0)]),
  ),
  "longer than its container": (der, node) => {
    const copy = Buffer.from(der);
    copy[node.start + 1] = 0x7f;
    return node.contentStart === node.start + 2
      ? copy
      : replaceBytes(der, node, Buffer.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff));
  },
};
