import { BlockList } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createAddressCheck } from "../../shared/adapters/node/address-policy.ts";
import { contains, parseCidr, parseIp } from "../../shared/ip-address.ts";

const ipv4 = fc.ipV4();
const ipv6 = fc.ipV6();
const check = createAddressCheck([]);

test("every spelling of an IPv6 address is one value", () => {
  fc.assert(
    fc.property(ipv6, (text) => {
      const canonical = new URL(`http://[${text}]/`).hostname.slice(1, -1);
      expect(parseIp(canonical)).toEqual(parseIp(text));
      expect(check(canonical)).toBe(check(text));
    }),
  );
});

test("ranges hold what Node's own block list says they hold", () => {
  fc.assert(
    fc.property(ipv4, ipv4, fc.integer({ min: 0, max: 32 }), (network, address, prefix) => {
      const value = BigInt(parseIp(network)?.value ?? 0n);
      const kept = (value >> BigInt(32 - prefix)) << BigInt(32 - prefix);
      const base = [24n, 16n, 8n, 0n].map((shift) => (kept >> shift) & 255n).join(".");
      const list = new BlockList();
      list.addSubnet(base, prefix, "ipv4");
      const parsed = parseIp(address);
      expect(parsed !== undefined && contains(parseCidr(`${base}/${prefix}`), parsed)).toBe(
        list.check(address),
      );
    }),
  );
});

test("a mapped or translated address is never better off than the IPv4 address inside", () => {
  fc.assert(
    fc.property(ipv4, (address) => {
      if (check(address) === undefined) return;
      for (const prefix of ["::ffff:", "64:ff9b::", "::"]) expect(check(`${prefix}${address}`)).toBeDefined();
    }),
  );
});

test("no text ever throws, and nothing but an address passes", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webAuthority(), fc.constant("::")), (text) => {
      if (parseIp(text) === undefined) expect(check(text)).toBe("not an IP address");
    }),
  );
});
