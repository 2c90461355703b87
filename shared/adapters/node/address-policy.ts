import { type Cidr, contains, type IpAddress, parseCidr, parseIp } from "../../ip-address.ts";

/** Says why an address may not be connected to; `undefined` when it may. */
export type AddressCheck = (address: string) => string | undefined;

type Rules = readonly (readonly [cidr: Cidr, reason: string])[];

const rules = (table: Readonly<Record<string, string>>): Rules =>
  Object.entries(table).map(([cidr, reason]) => [parseCidr(cidr), reason]);

/** No allow-list opens these: credentials for whoever asks, or no single machine at all. */
const NEVER = rules({
  "169.254.169.254": "metadata service",
  "169.254.170.2": "metadata service (ECS credentials)",
  "169.254.170.23": "metadata service (EKS credentials)",
  "100.100.100.200": "metadata service (Alibaba)",
  "168.63.129.16": "metadata service (Azure)",
  "192.0.0.192": "metadata service (Oracle)",
  "fd00:ec2::254": "metadata service",
  "fd00:ec2::23": "metadata service (EKS credentials)",
  "fd20:ce::254": "metadata service (Google)",
  "0.0.0.0/8": "unspecified",
  "224.0.0.0/4": "multicast",
  "255.255.255.255": "broadcast",
  "::": "unspecified",
  "ff00::/8": "multicast",
});

/** IANA's special-purpose registries: not reachable from everywhere, so only by allow-list. */
const SPECIAL_IPV4 = rules({
  "10.0.0.0/8": "private",
  "100.64.0.0/10": "shared address space (CGNAT)",
  "127.0.0.0/8": "loopback",
  "169.254.0.0/16": "link-local",
  "172.16.0.0/12": "private",
  "192.0.0.0/24": "protocol assignments",
  "192.0.2.0/24": "documentation",
  "192.88.99.0/24": "6to4 relay",
  "192.168.0.0/16": "private",
  "198.18.0.0/15": "benchmarking",
  "198.51.100.0/24": "documentation",
  "203.0.113.0/24": "documentation",
  "240.0.0.0/4": "reserved",
});

/** The first match speaks. Tunnels and translations can carry any IPv4 address, and nothing current needs them. */
const SPECIAL_IPV6 = rules({
  "::1": "loopback",
  "::/96": "IPv4-compatible",
  "::ffff:0:0:0/96": "IPv4-translated",
  "64:ff9b:1::/48": "local-use NAT64",
  "100::/64": "discard-only",
  "2001::/32": "Teredo",
  "2001::/23": "protocol assignments",
  "2001:db8::/32": "documentation",
  "2002::/16": "6to4",
  "3fff::/20": "documentation",
  "fc00::/7": "private",
  "fe80::/10": "link-local",
  "fec0::/10": "site-local",
});

const GLOBAL_UNICAST = parseCidr("2000::/3");

/** IPv6 ranges whose last 32 bits are the IPv4 address that counts. */
const EMBEDDED = [
  // The kernel connects to the IPv4 address itself, so its own rules hold, allow-list included.
  { range: parseCidr("::ffff:0:0/96"), by: "IPv4-mapped", obeysAllowList: true },
  // DNS64 makes these for public names. A private one would be the translator's network, not the one allowed.
  { range: parseCidr("64:ff9b::/96"), by: "NAT64", obeysAllowList: false },
] as const;

/** Ranges that a wide allow-list opens, and behind which a translator reaches any IPv4 address. */
const TRANSLATED = [
  { range: parseCidr("::ffff:0:0:0/96"), shift: 0n },
  { range: parseCidr("64:ff9b:1::/48"), shift: 0n },
  { range: parseCidr("2002::/16"), shift: 80n },
] as const;

const find = (table: Rules, address: IpAddress): string | undefined =>
  table.find(([cidr]) => contains(cidr, address))?.[1];

const refuseIPv4 = (address: IpAddress, allow: readonly Cidr[]): string | undefined => {
  const never = find(NEVER, address);
  if (never !== undefined || allow.some((cidr) => contains(cidr, address))) return never;
  return find(SPECIAL_IPV4, address);
};

const neverIPv6 = (address: IpAddress): string | undefined => {
  const translated = TRANSLATED.find(({ range }) => contains(range, address));
  if (translated === undefined) return find(NEVER, address);
  return find(NEVER, { family: 4, value: (address.value >> translated.shift) & 0xffffffffn });
};

const refuseIPv6 = (address: IpAddress, allow: readonly Cidr[]): string | undefined => {
  const embedding = EMBEDDED.find(({ range }) => contains(range, address));
  if (embedding !== undefined) {
    const inner: IpAddress = { family: 4, value: address.value & 0xffffffffn };
    const reason = refuseIPv4(inner, embedding.obeysAllowList ? allow : []);
    return reason === undefined ? undefined : `${embedding.by} ${reason}`;
  }
  const never = neverIPv6(address);
  if (never !== undefined || allow.some((cidr) => contains(cidr, address))) return never;
  const special = find(SPECIAL_IPV6, address);
  if (special !== undefined || contains(GLOBAL_UNICAST, address)) return special;
  return "not global unicast";
};

/**
 * The rule for outbound connections: public unicast addresses, and what `allow` (CIDRs from sluice.yaml) names.
 * Metadata services, multicast and unspecified addresses stay refused whatever `allow` says.
 */
export const createAddressCheck = (allow: readonly string[]): AddressCheck => {
  const cidrs = allow.map(parseCidr);
  return (text) => {
    const address = parseIp(text);
    if (address === undefined) return "not an IP address";
    return address.family === 4 ? refuseIPv4(address, cidrs) : refuseIPv6(address, cidrs);
  };
};
