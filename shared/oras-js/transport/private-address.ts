import { BlockList, isIPv4, isIPv6 } from "node:net";

const PRIVATE = new BlockList();
const IPV4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];
// IPv4-mapped addresses are matched by the IPv4 rules; 64:ff9b and 2002 carry an IPv4 address of their own.
const IPV6: readonly (readonly [string, number])[] = [
  ["::", 96],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
];
for (const [network, prefix] of IPV4) PRIVATE.addSubnet(network, prefix, "ipv4");
for (const [network, prefix] of IPV6) PRIVATE.addSubnet(network, prefix, "ipv6");

/**
 * True for `localhost` names and address literals that only the inside of a network can mean. Names are not
 * resolved: who must be safe from DNS answers too checks addresses at connect time, in the injected `fetch`.
 */
export const isPrivateHost = (hostname: string): boolean => {
  const name = (hostname.startsWith("[") ? hostname.slice(1, -1) : hostname).toLowerCase().replace(/\.$/, "");
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  if (isIPv4(name)) return PRIVATE.check(name, "ipv4");
  return isIPv6(name) && PRIVATE.check(name, "ipv6");
};
