import { describe, expect, test } from "vitest";
import { belongsTogether, checkRealm } from "../authn/realm-policy.ts";
import { isPrivateHost } from "../transport/private-address.ts";

test.each([
  ["ghcr.io", "ghcr.io", true],
  ["auth.docker.io", "index.docker.io", true],
  ["gitlab.com", "registry.gitlab.com", true],
  ["auth.example.com", "registry.example.com", true],
  ["token.registry.example.com", "registry.example.com", true],
  ["auth.example.co.uk", "registry.example.co.uk", true],
  ["evil.example.org", "registry.example.com", false],
  ["evil.co.uk", "registry.co.uk", false],
  ["evil.azurecr.io", "victim.azurecr.io", false],
  ["azurecr.io", "victim.azurecr.io", false],
  ["x.s3.amazonaws.com", "y.s3.amazonaws.com", false],
  ["evil.com", "registry.com", false],
  ["com", "registry.com", false],
  ["evilexample.com", "example.com", false],
  ["10.0.0.2", "10.0.0.1", false],
  ["0.0.1", "10.0.0.1", false],
  ["[::2]", "[::1]", false],
])("%s and %s belong together: %s", (realm, registry, expected) => {
  expect(belongsTogether(realm, registry)).toBe(expected);
});

describe("checkRealm", () => {
  const ask = (realm: string, registry: string, hasCredentials: boolean) =>
    checkRealm({ realm, registry: new URL(registry), hasCredentials, allowRealm: undefined }).href;

  test.each([
    ["https://auth.docker.io/token", "https://index.docker.io", true],
    ["https://auth.elsewhere.example/token", "https://registry.example.com", false],
    ["http://registry.local:5000/token", "http://registry.local:5000", true],
    ["https://10.0.0.5/token", "https://10.0.0.6", false],
  ])("%s for %s (credentials: %s)", (realm, registry, hasCredentials) => {
    expect(ask(realm, registry, hasCredentials)).toBe(realm);
  });

  test.each([
    [
      "a stranger is not given credentials",
      "https://evil.example/token",
      "https://registry.example.com",
      true,
    ],
    ["nothing goes in clear", "http://registry.example.com/token", "https://registry.example.com", true],
    [
      "nothing goes in clear, even anonymously",
      "http://other.example/token",
      "https://registry.example.com",
      false,
    ],
    [
      "a plain registry vouches only for itself",
      "http://registry.local:6000/t",
      "http://registry.local:5000",
      true,
    ],
    ["no metadata service", "https://169.254.169.254/latest", "https://registry.example.com", false],
    ["no loopback", "https://localhost/token", "https://registry.example.com", false],
    ["no mapped loopback", "https://[::ffff:127.0.0.1]/token", "https://registry.example.com", false],
    ["no other scheme", "file:///etc/passwd", "https://registry.example.com", false],
    [
      "no credentials in the address",
      "https://u:p@registry.example.com/t",
      "https://registry.example.com",
      false,
    ],
    ["no nonsense", "token", "https://registry.example.com", false],
  ])("%s", (_, realm, registry, hasCredentials) => {
    expect(() => ask(realm, registry, hasCredentials)).toThrow(
      expect.objectContaining({ code: "REALM_REFUSED" }),
    );
  });

  test("takes what the user allows", () => {
    const question = { realm: "http://localhost:5001/token", registry: new URL("http://localhost:5000") };
    const allowRealm = (registry: string, realm: URL) =>
      registry === "localhost:5000" && realm.port === "5001";
    expect(checkRealm({ ...question, hasCredentials: true, allowRealm }).href).toBe(question.realm);
  });
});

test.each([
  ["127.0.0.1", true],
  ["10.1.2.3", true],
  ["172.31.0.1", true],
  ["172.32.0.1", false],
  ["192.168.0.1", true],
  ["169.254.169.254", true],
  ["100.64.0.1", true],
  ["0.0.0.0", true],
  ["255.255.255.255", true],
  ["8.8.8.8", false],
  ["[::1]", true],
  ["[::]", true],
  ["[fd00:ec2::254]", true],
  ["[fe80::1]", true],
  ["[::ffff:10.0.0.1]", true],
  ["[::ffff:8.8.8.8]", false],
  ["[64:ff9b::a00:1]", true],
  ["[2606:4700::1111]", false],
  ["localhost", true],
  ["LOCALHOST.", true],
  ["a.localhost", true],
  ["localhost.example.com", false],
  ["registry.example.com", false],
])("%s is private: %s", (host, expected) => {
  expect(isPrivateHost(host)).toBe(expected);
});
