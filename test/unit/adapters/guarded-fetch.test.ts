import { afterEach, describe, expect, test } from "vitest";
import { createCheckedConnector, type Resolve } from "../../../shared/adapters/node/checked-connector.ts";
import { createFetchOver, createGuardedFetch } from "../../../shared/adapters/node/guarded-fetch.ts";
import { closeClients, guarded, keep, unguarded } from "./guarded-client.ts";
import { closeServers, type Listening, listen } from "./http-server.ts";

afterEach(async () => {
  await closeClients();
  await closeServers();
});

const noDns: Resolve = async (hostname) => {
  throw new Error(`nobody should ask for ${hostname}`);
};

const refused = expect.objectContaining({ code: "RECEIVER_ADDRESS_REFUSED" });

const expectRefused = async (url: string, resolve: Resolve, server: Listening): Promise<void> => {
  await expect(guarded(resolve).fetch(url)).rejects.toEqual(refused);
  expect(server.connections()).toBe(0);
};

describe("spellings of this machine", () => {
  test.each([
    ["127.0.0.1"],
    ["127.1"],
    ["2130706433"],
    ["0x7f000001"],
    ["0x7f.1"],
    ["017700000001"],
    ["0177.0.0.1"],
    ["0.0.0.0"],
    ["0"],
    ["[::ffff:127.0.0.1]"],
    ["[::ffff:7f00:1]"],
    ["[0:0:0:0:0:FFFF:7F00:0001]"],
    ["%31%32%37.0.0.1"],
    ["①②⑦.0.0.1"],
    ["127。0。0。1"],
  ])("http://%s is refused, and would have been reached", async (host) => {
    const server = await listen();
    const url = `http://${host}:${server.port}/`;
    await expectRefused(url, noDns, server);
    expect((await unguarded(noDns).fetch(url)).status).toBe(200);
    expect(server.connections()).toBe(1);
  });
});

describe("addresses that stand for something inside", () => {
  test.each([
    ["10.0.0.1"],
    ["100.64.0.1"],
    ["127.0.0.2"],
    ["169.254.169.254"],
    ["168.63.129.16"],
    ["172.16.0.1"],
    ["192.168.0.1"],
    ["198.18.0.1"],
    ["224.0.0.1"],
    ["240.0.0.1"],
    ["255.255.255.255"],
    ["[::]"],
    ["[::1]"],
    ["[::127.0.0.1]"],
    ["[::ffff:10.0.0.1]"],
    ["[::ffff:169.254.169.254]"],
    ["[64:ff9b::127.0.0.1]"],
    ["[64:ff9b::a9fe:a9fe]"],
    ["[64:ff9b:1::1]"],
    ["[2001::1]"],
    ["[2002:7f00:1::]"],
    ["[fd00:ec2::254]"],
    ["[fc00::1]"],
    ["[fe80::1]"],
    ["[ff02::1]"],
  ])("http://%s is refused, and would have been dialled", async (host) => {
    const server = await listen();
    const url = `http://${host}:${server.port}/`;
    await expectRefused(url, noDns, server);
    // Loopback stands in for the network behind the address.
    expect((await unguarded(noDns, () => "127.0.0.1").fetch(url)).status).toBe(200);
    expect(server.connections()).toBe(1);
  });
});

describe("names that lead inside", () => {
  test.each([
    { of: "localhost", name: "localhost", answers: ["127.0.0.1"] },
    { of: "a name with a dot at its end", name: "localhost.", answers: ["127.0.0.1"] },
    { of: "a public name for loopback", name: "lo.example.com", answers: ["127.0.0.1"] },
    { of: "a mapped answer", name: "m.example.com", answers: ["::ffff:127.0.0.1"] },
    { of: "a public answer first", name: "a.example.com", answers: ["8.8.8.8", "127.0.0.1"] },
    { of: "a public answer last", name: "b.example.com", answers: ["127.0.0.1", "8.8.8.8"] },
    { of: "an IPv6 answer among IPv4", name: "c.example.com", answers: ["8.8.8.8", "fd00:ec2::254"] },
    { of: "the metadata service", name: "metadata.google.internal", answers: ["169.254.169.254"] },
    { of: "a private answer", name: "d.example.com", answers: ["10.1.2.3"] },
    { of: "a NAT64 answer", name: "e.example.com", answers: ["64:ff9b::a00:1"] },
    { of: "an answer with a zone", name: "f.example.com", answers: ["fe80::1%lo"] },
    { of: "an answer that is a name", name: "g.example.com", answers: ["localhost"] },
  ])("$of: $answers is refused, and would have been dialled", async ({ name, answers }) => {
    const server = await listen();
    const url = `http://${name}:${server.port}/`;
    await expectRefused(url, async () => answers, server);
    const off = unguarded(
      async () => answers,
      () => "127.0.0.1",
    );
    expect((await off.fetch(url)).status).toBe(200);
  });

  test("the system's own answer for localhost is refused as well", async () => {
    const server = await listen();
    const url = `http://localhost:${server.port}/`;
    await expect(keep(createGuardedFetch({ allow: [] })).fetch(url)).rejects.toEqual(refused);
    expect(server.connections()).toBe(0);
    expect((await keep(createGuardedFetch({ allow: ["127.0.0.1", "::1"] })).fetch(url)).status).toBe(200);
  });

  test("a name without address is not found", async () => {
    await expect(guarded(async () => []).fetch("http://none.example.com/")).rejects.toMatchObject({
      code: "ENOTFOUND",
    });
  });
});

describe("DNS rebinding", () => {
  test("what was checked is what is dialled: one look-up per connection", async () => {
    const server = await listen();
    const answers = [["127.0.0.1"], ["127.0.0.9"], ["10.0.0.1"]];
    const asked: string[] = [];
    const resolve: Resolve = async (hostname) => {
      asked.push(hostname);
      return answers[asked.length - 1] ?? [];
    };
    // Nobody listens at .9: a second look-up for the same connection would show.
    const { fetch } = guarded(resolve, ["127.0.0.0/8"]);
    expect((await fetch(`http://r.example.com:${server.port}/`)).status).toBe(200);
    expect(asked).toEqual(["r.example.com"]);
  });

  test("the answer is checked anew for every connection", async () => {
    const server = await listen((_request, response) => response.setHeader("connection", "close").end());
    let rounds = 0;
    const resolve: Resolve = async () => {
      rounds += 1;
      return rounds === 1 ? ["127.0.0.1"] : ["127.0.0.2"];
    };
    const { fetch } = guarded(resolve, ["127.0.0.1"]);
    const url = `http://r.example.com:${server.port}/`;
    expect((await fetch(url)).status).toBe(200);
    await expect(fetch(url)).rejects.toEqual(refused);
    expect(server.connections()).toBe(1);
  });

  test("an end that turns out to be elsewhere gets no request", async () => {
    const server = await listen();
    let looks = 0;
    const connector = createCheckedConnector({
      check: () => {
        looks += 1;
        return looks === 1 ? undefined : "elsewhere";
      },
      resolve: async () => ["127.0.0.1"],
      tls: () => undefined,
      connectTimeoutMs: 5_000,
    });
    const { fetch } = keep(createFetchOver(connector, {}));
    await expect(fetch(`http://r.example.com:${server.port}/`)).rejects.toEqual(refused);
    expect(server.requests()).toBe(0);
  });
});

describe("an allow-list", () => {
  test("opens what it names and nothing beside it", async () => {
    const server = await listen();
    const { fetch } = guarded(async () => ["127.0.0.1"], ["127.0.0.1"]);
    expect((await fetch(`http://in.example.com:${server.port}/`)).status).toBe(200);
    await expect(fetch(`http://127.0.0.2:${server.port}/`)).rejects.toEqual(refused);
  });

  test("that is malformed stops the start", () => {
    expect(() => createGuardedFetch({ allow: ["10.0.0.0/33"] })).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }),
    );
  });
});
