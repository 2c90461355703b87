import { afterEach, describe, expect, test } from "vitest";
import { PRIVATE_NETWORKS } from "../../../functions/wiring/receivers/private-networks.ts";
import type { Resolve } from "../../../shared/adapters/node/checked-connector.ts";
import { createGuardedFetch } from "../../../shared/adapters/node/guarded-fetch.ts";
import { closeClients, deliver, guarded, keep, unguarded as unguardedOver } from "./guarded-client.ts";
import { closeServers, listen } from "./http-server.ts";

afterEach(async () => {
  await closeClients();
  await closeServers();
});

const accept = { status: 200 } as const;

const open = () => listen((_request, response) => response.writeHead(accept.status).end());

/** Loopback stands in for the network behind every address. */
const unguarded = (resolve: Resolve) => unguardedOver(resolve, () => "127.0.0.1");

interface Hostile {
  readonly of: string;
  readonly host: string;
  /** What a resolver says about the host; absent: it is an address, and nobody is asked. */
  readonly answers?: readonly string[];
}

const resolverOf =
  ({ answers }: Hostile): Resolve =>
  async (hostname) => {
    if (answers === undefined) throw new Error(`nobody should ask for ${hostname}`);
    return answers;
  };

const expectRefused = async (hostile: Hostile, allow: readonly string[]): Promise<void> => {
  const server = await open();
  const baseUrl = `http://${hostile.host}:${server.port}`;
  const resolve = resolverOf(hostile);
  expect(await deliver(baseUrl, guarded(resolve, allow))).toMatchObject({
    code: "address-refused",
    requests: 1,
  });
  expect(server.connections()).toBe(0);
  // Without the guard it would have been told: the row fails as soon as the check is not made.
  expect(await deliver(baseUrl, unguarded(resolve))).toMatchObject({ code: "accepted" });
  expect(server.connections()).toBe(1);
};

describe("whatever sluice.yaml allows", () => {
  test.each<Hostile>([
    { of: "metadata of AWS, Azure and Google", host: "169.254.169.254" },
    { of: "metadata of AWS over IPv6", host: "[fd00:ec2::254]" },
    { of: "metadata of ECS tasks", host: "169.254.170.2" },
    { of: "metadata of EKS pods", host: "169.254.170.23" },
    { of: "metadata of EKS pods over IPv6", host: "[fd00:ec2::23]" },
    { of: "Azure's wire server", host: "168.63.129.16" },
    { of: "metadata of Google over IPv6", host: "[fd20:ce::254]" },
    { of: "metadata of Google by name", host: "metadata.google.internal", answers: ["169.254.169.254"] },
    { of: "metadata of Alibaba, inside CGNAT", host: "100.100.100.200" },
    { of: "metadata of Oracle", host: "192.0.0.192" },
    { of: "metadata, decimal", host: "2852039166" },
    { of: "metadata, octal", host: "0251.0376.0251.0376" },
    { of: "metadata, hexadecimal", host: "0xa9fea9fe" },
    { of: "metadata, parts of different bases", host: "0xa9.254.0251.254" },
    { of: "metadata, two parts", host: "169.16689662" },
    { of: "metadata with a dot at the end", host: "169.254.169.254." },
    { of: "metadata, IPv4-mapped", host: "[::ffff:a9fe:a9fe]" },
    { of: "metadata, mapped and dotted", host: "[::ffff:169.254.169.254]" },
    { of: "metadata by NAT64", host: "[64:ff9b::a9fe:a9fe]" },
    { of: "private by NAT64: the translator's network, not the one allowed", host: "[64:ff9b::a00:1]" },
    { of: "metadata by 6to4", host: "[2002:a9fe:a9fe::]" },
    { of: "metadata by Teredo", host: "[2001:0:a9fe:a9fe::1]" },
    { of: "link-local", host: "169.254.1.1" },
    { of: "link-local over IPv6", host: "[fe80::1]" },
    { of: "the unspecified address", host: "0.0.0.0" },
    { of: "the unspecified address, short", host: "0" },
    { of: "the unspecified address over IPv6", host: "[::]" },
    { of: "multicast", host: "224.0.0.1" },
    { of: "multicast over IPv6", host: "[ff02::1]" },
    { of: "broadcast", host: "255.255.255.255" },
    { of: "a name for metadata", host: "hook.example.com", answers: ["169.254.169.254"] },
    {
      of: "a name with one private and one hostile answer",
      host: "h.example.com",
      answers: ["10.0.0.1", "169.254.169.254"],
    },
    { of: "a name whose answer has a zone", host: "h.example.com", answers: ["fe80::1%eth0"] },
    { of: "a name whose answer is a name", host: "h.example.com", answers: ["metadata.google.internal"] },
  ])("$of is told nothing: $host", (hostile) => expectRefused(hostile, PRIVATE_NETWORKS));
});

describe("unless sluice.yaml allows it", () => {
  test.each<Hostile>([
    { of: "loopback", host: "127.0.0.1" },
    { of: "loopback, decimal", host: "2130706433" },
    { of: "loopback, octal", host: "0177.0.0.1" },
    { of: "loopback, hexadecimal", host: "0x7f.0.0.1" },
    { of: "loopback, short", host: "127.1" },
    { of: "loopback in full-width digits", host: "１２７.0.0.1" },
    { of: "loopback, percent-encoded", host: "%31%32%37.0.0.1" },
    { of: "loopback with a dot at the end", host: "127.0.0.1." },
    { of: "loopback over IPv6", host: "[::1]" },
    { of: "loopback, IPv4-compatible", host: "[::127.0.0.1]" },
    { of: "loopback, IPv4-mapped", host: "[::ffff:7f00:1]" },
    { of: "loopback by name", host: "localhost", answers: ["127.0.0.1"] },
    { of: "loopback by name with a dot at the end", host: "localhost.", answers: ["::1"] },
    { of: "private, 10/8", host: "10.0.0.1" },
    { of: "private, 172.16/12", host: "172.31.255.254" },
    { of: "private, 192.168/16", host: "192.168.0.1" },
    { of: "CGNAT", host: "100.64.0.1" },
    { of: "benchmarking", host: "198.18.0.1" },
    { of: "reserved", host: "240.0.0.1" },
    { of: "documentation", host: "203.0.113.1" },
    { of: "private over IPv6", host: "[fc00::1]" },
    { of: "site-local over IPv6", host: "[fec0::1]" },
    { of: "IPv4-translated", host: "[::ffff:0:7f00:1]" },
    { of: "NAT64 of local use", host: "[64:ff9b:1::1]" },
    { of: "6to4 of a public address", host: "[2002:808:808::1]" },
    { of: "discard-only", host: "[100::1]" },
    { of: "outside of what is assigned", host: "[4000::1]" },
    { of: "a public name for a private address", host: "h.example.com", answers: ["10.0.0.1"] },
    { of: "a private answer behind a public one", host: "h.example.com", answers: ["8.8.8.8", "10.0.0.1"] },
    { of: "a private IPv6 answer beside IPv4", host: "h.example.com", answers: ["8.8.8.8", "fc00::1"] },
  ])("$of is told nothing: $host", (hostile) => expectRefused(hostile, []));
});

describe("a resolver that changes its answer", () => {
  test("between check and connect is not asked a second time", async () => {
    const server = await open();
    const answers = [["127.0.0.1"], ["169.254.169.254"]];
    let asked = 0;
    const resolve: Resolve = async () => {
      asked += 1;
      return answers[asked - 1] ?? [];
    };
    const client = guarded(resolve, ["127.0.0.1"]);
    expect(await deliver(`http://r.example.com:${server.port}`, client)).toMatchObject({ code: "accepted" });
    expect(asked).toBe(1);
  });

  test("for the next connection is refused", async () => {
    const server = await listen((_request, response) =>
      response.writeHead(accept.status, { connection: "close" }).end(),
    );
    let asked = 0;
    const resolve: Resolve = async () => {
      asked += 1;
      return [asked === 1 ? "127.0.0.1" : "169.254.169.254"];
    };
    const client = guarded(resolve, PRIVATE_NETWORKS);
    const url = `http://r.example.com:${server.port}`;
    expect(await deliver(url, client)).toMatchObject({ code: "accepted" });
    expect(await deliver(url, client)).toMatchObject({ code: "address-refused" });
    expect(server.connections()).toBe(1);
  });
});

test.each([301, 302, 303, 307, 308])("a receiver that redirects (%i) sends us nowhere", async (status) => {
  const inside = await open();
  const location = `http://127.0.0.1:${inside.port}/`;
  const server = await listen((_request, response) => response.writeHead(status, { location }).end());
  const url = `http://127.0.0.1:${server.port}`;
  const client = keep(createGuardedFetch({ allow: ["127.0.0.1"] }));
  expect(await deliver(url, client)).toMatchObject({ code: "redirected", status });
  expect(inside.connections()).toBe(0);
  // A fetch that follows would have gone there.
  await fetch(url, { method: "POST" });
  expect(inside.connections()).toBe(1);
});

test.each([
  { of: "a public name as its user", url: "http://flux.example.com@127.0.0.1" },
  { of: "user and password", url: "http://u:p@127.0.0.1" },
  { of: "a backslash before the host", url: "http:\\\\flux.example.com@127.0.0.1" },
  { of: "a query", url: "http://127.0.0.1/?x=1" },
  { of: "a fragment", url: "http://127.0.0.1/#flux.example.com" },
  { of: "another scheme", url: "file:///etc/passwd" },
  { of: "a scheme that carries others", url: "gopher://127.0.0.1" },
  { of: "no host", url: "http://" },
])("an address with $of never leaves", async ({ url }) => {
  let posted = 0;
  const fetch: typeof globalThis.fetch = async () => {
    posted += 1;
    return new Response(null, accept);
  };
  const outcome = await deliver(url, { fetch, close: async () => undefined });
  expect([outcome.code, posted]).toEqual(["misconfigured", 0]);
});
