import { isIPv4, isIPv6 } from "node:net";
import { PipelineError } from "./errors.ts";

/** An address as a number of 32 or 128 bits, so that every spelling of it is the same. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
}

export interface Cidr extends IpAddress {
  readonly prefix: number;
}

const parseIPv4 = (text: string): bigint =>
  text.split(".").reduce((value, part) => value * 256n + BigInt(part), 0n);

const groupsOf = (text: string): readonly bigint[] =>
  text === "" ? [] : text.split(":").map((group) => BigInt(`0x${group}`));

const parseIPv6 = (text: string): bigint => {
  const lastColon = text.lastIndexOf(":");
  const tail = text.slice(lastColon + 1);
  // A dotted quad at the end stands for the last two groups.
  const quad = isIPv4(tail) ? parseIPv4(tail) : undefined;
  const hex =
    quad === undefined
      ? text
      : `${text.slice(0, lastColon + 1)}${(quad >> 16n).toString(16)}:${(quad & 0xffffn).toString(16)}`;
  const [head = "", rest] = hex.split("::");
  const before = groupsOf(head);
  const after = rest === undefined ? [] : groupsOf(rest);
  const zeros = Array<bigint>(8 - before.length - after.length).fill(0n);
  return [...before, ...zeros, ...after].reduce((value, group) => (value << 16n) | group, 0n);
};

/** `undefined` for anything else than a plain address; one with a zone (`fe80::1%eth0`) is none. */
export const parseIp = (text: string): IpAddress | undefined => {
  if (isIPv4(text)) return { family: 4, value: parseIPv4(text) };
  if (isIPv6(text) && !text.includes("%")) return { family: 6, value: parseIPv6(text) };
  return undefined;
};

const BITS = { 4: 32, 6: 128 } as const;

const dropHostBits = ({ family, value }: IpAddress, prefix: number): bigint =>
  value >> BigInt(BITS[family] - prefix);

/** `10.0.0.0/8`, `fd00::/8`, or an address alone; else what is wrong with it. */
export const readCidr = (text: string): Cidr | string => {
  const [addressText = "", prefixText, ...more] = text.split("/");
  const address = parseIp(addressText);
  if (address === undefined || more.length > 0) return "expected an address and /prefix";
  const bits = BITS[address.family];
  if (prefixText === undefined) return { ...address, prefix: bits };
  if (!/^\d{1,3}$/.test(prefixText) || Number(prefixText) > bits) return `prefix is 0 to ${bits}`;
  const prefix = Number(prefixText);
  const network = dropHostBits(address, prefix) << BigInt(bits - prefix);
  // 10.0.0.7/8 was most likely meant as /32: allowing a sixteen-million range by a slip is not for us to guess.
  return network === address.value ? { ...address, prefix } : "bits beyond the prefix are set";
};

/** As `readCidr`. Throws `CONFIG_INVALID`. */
export const parseCidr = (text: string): Cidr => {
  const cidr = readCidr(text);
  if (typeof cidr !== "string") return cidr;
  throw new PipelineError(`${JSON.stringify(text.slice(0, 64))} is not a CIDR: ${cidr}`, {
    code: "CONFIG_INVALID",
  });
};

export const contains = (cidr: Cidr, address: IpAddress): boolean =>
  cidr.family === address.family && dropHostBits(cidr, cidr.prefix) === dropHostBits(address, cidr.prefix);
