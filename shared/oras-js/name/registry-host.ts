import { isIPv4, isIPv6 } from "node:net";
import { OrasError, quote } from "../errors.ts";

export const DOCKER_HUB = "index.docker.io";

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/;
const PORT = /^[0-9]{1,5}$/;

const refuse = (host: string, why: string): OrasError =>
  new OrasError(`registry ${quote(host)} ${why}`, { code: "REFERENCE_INVALID" });

const splitPort = (host: string): { name: string; port: string | undefined } => {
  const end = host.startsWith("[") ? host.indexOf("]") + 1 : host.indexOf(":");
  if (end <= 0) return { name: host, port: undefined };
  const rest = host.slice(end);
  return { name: host.slice(0, end), port: rest === "" ? undefined : rest.slice(rest[0] === ":" ? 1 : 0) };
};

/**
 * One spelling per registry: lower case, `docker.io` as `index.docker.io`. Refuses every host that an URL
 * parser reads as another one (`0x7f.1` is 127.0.0.1), so the host that was checked is the host that is asked.
 */
export const parseRegistryHost = (text: string): string => {
  const host = text.toLowerCase();
  if (host === "docker.io") return DOCKER_HUB;
  const { name, port } = splitPort(host);
  if (port !== undefined && (!PORT.test(port) || Number(port) > 65_535 || Number(port) === 0)) {
    throw refuse(text, "has a port that is not a number between 1 and 65535");
  }
  if (name.startsWith("[")) {
    if (!name.endsWith("]") || name.includes("%") || !isIPv6(name.slice(1, -1))) {
      throw refuse(text, "is not an IPv6 address in brackets");
    }
    return host;
  }
  if (host.includes("::")) throw refuse(text, "needs brackets around its IPv6 address, as in [::1]:5000");
  if (name.length > 253 || !name.split(".").every((label) => label.length <= 63 && LABEL.test(label))) {
    throw refuse(text, "is not a host name (letters, digits, '-' and '.', with an optional :port)");
  }
  if (!URL.canParse(`https://${name}`) || new URL(`https://${name}`).hostname !== name) {
    throw refuse(text, "is not a host name that every URL parser reads alike");
  }
  return host;
};

/** Host without port and brackets, as address checks want it. */
export const hostnameOf = (registry: string): string => {
  const { name } = splitPort(registry);
  return name.startsWith("[") ? name.slice(1, -1) : name;
};

const isRfc1918 = (name: string): boolean => {
  if (!isIPv4(name)) return false;
  const [first = 0, second = 0] = name.split(".").map(Number);
  return first === 10 || (first === 172 && second >= 16 && second <= 31) || (first === 192 && second === 168);
};

/** True where only this machine can be at the other end: `localhost`, `*.localhost`, 127.0.0.1 and ::1. */
export const isLoopbackRegistry = (registry: string): boolean => {
  const name = hostnameOf(registry);
  return name === "localhost" || name.endsWith(".localhost") || name === "127.0.0.1" || name === "::1";
};

/**
 * go-containerregistry's choice of scheme: plain HTTP for loopback names and RFC 1918 addresses, where a bare
 * `localhost` without port still means https. The client's own default is narrower: loopback only.
 */
export const usesPlainHttpInGo = (registry: string): boolean =>
  registry !== "localhost" && (isLoopbackRegistry(registry) || isRfc1918(hostnameOf(registry)));
