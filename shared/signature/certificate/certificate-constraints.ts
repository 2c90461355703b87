import { contentOf, contextTag, readDer, sequenceOf, TAG } from "../encoding/der.ts";
import { type Oid, readBoolean, readOid, readSmallInteger } from "../encoding/der-values.ts";
import { OID } from "../encoding/oids.ts";
import { refuse, refuseAs } from "../refusal.ts";
import type { Certificate } from "./certificate.ts";

/** Critical extensions that are understood and checked. Any other critical one ends the verification (RFC 5280 4.2). */
const UNDERSTOOD: ReadonlySet<Oid> = new Set([
  OID.subjectAltName,
  OID.keyUsage,
  OID.extendedKeyUsage,
  OID.basicConstraints,
]);

export const hasUnknownCriticalExtension = ({ extensions }: Certificate): boolean => {
  for (const [id, { critical }] of extensions) if (critical && !UNDERSTOOD.has(id)) return true;
  return false;
};

export interface BasicConstraints {
  readonly authority: boolean;
  readonly pathLength: number | undefined;
}

export const basicConstraintsOf = ({ extensions }: Certificate): BasicConstraints => {
  const extension = extensions.get(OID.basicConstraints);
  if (extension === undefined) return { authority: false, pathLength: undefined };
  return refuseAs("certificate-malformed", () => {
    const parts = [...sequenceOf(readDer(extension.value))];
    const authority = parts[0]?.tag === TAG.boolean ? readBoolean(parts[0]) : false;
    if (parts[0]?.tag === TAG.boolean) parts.shift();
    const pathLength = parts.length > 0 ? readSmallInteger(parts.shift()) : undefined;
    if (parts.length > 0) refuse("evidence-malformed", "basicConstraints has too many parts");
    return { authority, pathLength };
  });
};

/** The purposes of the extension, or undefined when the certificate does not restrict them. */
export const extendedKeyUsageOf = ({ extensions }: Certificate): readonly Oid[] | undefined => {
  const extension = extensions.get(OID.extendedKeyUsage);
  if (extension === undefined) return undefined;
  return refuseAs("certificate-malformed", () => sequenceOf(readDer(extension.value)).map(readOid));
};

const USAGE_BIT = { digitalSignature: 0, keyCertSign: 5 } as const;

/** Whether keyUsage allows this, or is absent and so restricts nothing. */
export const allowsUsage = ({ extensions }: Certificate, usage: keyof typeof USAGE_BIT): boolean => {
  const extension = extensions.get(OID.keyUsage);
  if (extension === undefined) return true;
  return refuseAs("certificate-malformed", () => {
    const element = readDer(extension.value);
    const content = contentOf(element);
    if (element.tag !== TAG.bitString || content.length < 2)
      refuse("evidence-malformed", "keyUsage is empty");
    const bit = USAGE_BIT[usage];
    return ((content[1 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) !== 0;
  });
};

/** The key identifier of authorityKeyIdentifier, where it is given. */
export const authorityKeyIdOf = ({ extensions }: Certificate): Buffer | undefined => {
  const extension = extensions.get(OID.authorityKeyId);
  if (extension === undefined) return undefined;
  return refuseAs("certificate-malformed", () => {
    const id = sequenceOf(readDer(extension.value)).find(({ tag }) => tag === contextTag(0, "primitive"));
    return id === undefined ? undefined : contentOf(id);
  });
};

export const subjectKeyIdOf = ({ extensions }: Certificate): Buffer | undefined => {
  const extension = extensions.get(OID.subjectKeyId);
  if (extension === undefined) return undefined;
  return refuseAs("certificate-malformed", () => {
    const element = readDer(extension.value);
    return element.tag === TAG.octetString ? contentOf(element) : undefined;
  });
};
