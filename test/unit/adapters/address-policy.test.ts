import { describe, expect, test } from "vitest";
import { createAddressCheck } from "../../../shared/adapters/node/address-policy.ts";
import { parseCidr } from "../../../shared/ip-address.ts";

const publicOnly = createAddressCheck([]);

describe("addresses without an allow-list", () => {
  test.each([
    ["8.8.8.8"],
    ["1.1.1.1"],
    ["172.15.255.255"],
    ["172.32.0.0"],
    ["100.63.255.255"],
    ["100.128.0.0"],
    ["223.255.255.255"],
    ["2606:4700::1111"],
    ["2a00:1450:4001:82a::200e"],
    ["::ffff:8.8.8.8"],
    ["64:ff9b::8.8.8.8"],
  ])("%s may be reached", (address) => {
    expect(publicOnly(address)).toBeUndefined();
  });

  test.each([
    ["0.0.0.0", "unspecified"],
    ["0.1.2.3", "unspecified"],
    ["10.0.0.1", "private"],
    ["100.64.0.1", "shared address space (CGNAT)"],
    ["100.100.100.200", "metadata service (Alibaba)"],
    ["127.0.0.1", "loopback"],
    ["127.255.255.254", "loopback"],
    ["168.63.129.16", "metadata service (Azure)"],
    ["169.254.0.1", "link-local"],
    ["169.254.169.254", "metadata service"],
    ["169.254.170.2", "metadata service (ECS credentials)"],
    ["172.16.0.1", "private"],
    ["172.31.255.255", "private"],
    ["192.0.0.8", "protocol assignments"],
    ["192.168.1.1", "private"],
    ["198.19.0.1", "benchmarking"],
    ["203.0.113.9", "documentation"],
    ["224.0.0.1", "multicast"],
    ["239.255.255.250", "multicast"],
    ["240.0.0.1", "reserved"],
    ["255.255.255.255", "broadcast"],
    ["::", "unspecified"],
    ["::1", "loopback"],
    ["::127.0.0.1", "IPv4-compatible"],
    ["::ffff:127.0.0.1", "IPv4-mapped loopback"],
    ["::ffff:7f00:1", "IPv4-mapped loopback"],
    ["0:0:0:0:0:ffff:a9fe:a9fe", "IPv4-mapped metadata service"],
    ["::ffff:0:127.0.0.1", "IPv4-translated"],
    ["64:ff9b::7f00:1", "NAT64 loopback"],
    ["64:ff9b::10.0.0.1", "NAT64 private"],
    ["64:ff9b::169.254.169.254", "NAT64 metadata service"],
    ["64:ff9b:1::8.8.8.8", "local-use NAT64"],
    ["2001:0:7f00:1::", "Teredo"],
    ["2001:db8::1", "documentation"],
    ["2002:7f00:1::", "6to4"],
    ["2002:808:808::1", "6to4"],
    ["fc00::1", "private"],
    ["fd00:ec2::254", "metadata service"],
    ["fd20:ce::254", "metadata service (Google)"],
    ["fe80::1", "link-local"],
    ["febf::1", "link-local"],
    ["fec0::1", "site-local"],
    ["ff02::1", "multicast"],
    ["4000::1", "not global unicast"],
    ["fe80::1%eth0", "not an IP address"],
    ["127.1", "not an IP address"],
    ["0177.0.0.1", "not an IP address"],
    ["example.com", "not an IP address"],
    ["", "not an IP address"],
  ])("%s is refused as %s", (address, reason) => {
    expect(publicOnly(address)).toBe(reason);
  });
});

describe("an allow-list", () => {
  const inVpc = createAddressCheck(["10.20.0.0/16", "fd12:3456::/32", "127.0.0.1"]);

  test.each([["10.20.0.1"], ["::ffff:10.20.255.255"], ["fd12:3456:1::1"], ["127.0.0.1"], ["8.8.8.8"]])(
    "opens %s",
    (address) => {
      expect(inVpc(address)).toBeUndefined();
    },
  );

  test.each([["10.21.0.1"], ["127.0.0.2"], ["fd12:3457::1"], ["64:ff9b::10.20.0.1"], ["::1"]])(
    "does not open %s",
    (address) => {
      expect(inVpc(address)).toBeDefined();
    },
  );

  test.each([
    ["169.254.169.254"],
    ["::ffff:169.254.169.254"],
    ["64:ff9b::a9fe:a9fe"],
    ["64:ff9b:1::a9fe:a9fe"],
    ["64:ff9b:1:ffff::169.254.169.254"],
    ["::ffff:0:169.254.169.254"],
    ["2002:a9fe:a9fe::1"],
    ["169.254.170.23"],
    ["168.63.129.16"],
    ["100.100.100.200"],
    ["fd00:ec2::254"],
    ["fd20:ce::254"],
    ["0.0.0.0"],
    ["::"],
    ["224.0.0.1"],
    ["ff02::1"],
    ["255.255.255.255"],
  ])("of everything still does not open %s", (address) => {
    expect(createAddressCheck(["0.0.0.0/0", "::/0"])(address)).toBeDefined();
  });

  test.each([
    ["10.0.0.7/8"],
    ["10.0.0.0/33"],
    ["10.0.0.0/"],
    ["10.0.0.0/-1"],
    ["10.0.0.0/8/8"],
    ["10.0.0/8"],
    ["fd00::/129"],
    ["fd00::1/64"],
    ["localhost"],
    [""],
  ])("cannot hold %j", (cidr) => {
    expect(() => parseCidr(cidr)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });
});
