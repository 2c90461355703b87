import { lookup as dnsLookup } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";
import { buildConnector } from "undici";
import type { Secret } from "../../artifact/secret.ts";
import { PipelineError } from "../../errors.ts";
import type { AddressCheck } from "./address-policy.ts";

/** All addresses of a host name, in the order to try them. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

export interface TlsMaterial {
  /** PEM. Replaces the public roots: a cluster with a CA of its own is not vouched for by anybody else. */
  readonly ca?: string;
  /** PEM, with `key`: what we show to a server that asks who we are. */
  readonly certificate?: string;
  readonly key?: Secret;
}

/** What differs from one origin (`https://host:port`) to another. Asked for each connection. */
export type TlsMaterialOf = (origin: string) => TlsMaterial | undefined | Promise<TlsMaterial | undefined>;

export interface ConnectorOptions {
  readonly check: AddressCheck;
  readonly resolve: Resolve;
  readonly tls: TlsMaterialOf;
  readonly connectTimeoutMs: number;
  /** Where an address that passed is dialled, when not there. For tests, which own no address but loopback. */
  readonly route?: (address: string) => string;
}

const MAX_ADDRESSES = 32;
const ATTEMPT_TIMEOUT_MS = 2_000;

/** By the system's resolver (hosts file included), both families. */
export const systemResolve: Resolve = async (hostname) =>
  (await dnsLookup(hostname, { all: true, order: "verbatim" })).map(({ address }) => address);

const refusal = (hostname: string, address: string, reason: string): PipelineError =>
  new PipelineError(`${hostname}: ${address} may not be connected to (${reason})`, {
    code: "RECEIVER_ADDRESS_REFUSED",
  });

const notFound = (hostname: string): Error =>
  Object.assign(new Error(`${hostname} has no address`), { code: "ENOTFOUND" });

/**
 * Opens connections only to addresses that pass `check`. The check sits where the connection is made, for every
 * connection anew, and what passed is what is dialled: there is no second look-up whose answer could differ. A
 * name with one refused address among its answers is refused as a whole, because which one gets dialled is chance.
 */
export const createCheckedConnector = (options: ConnectorOptions): buildConnector.connector => {
  const { check, resolve, connectTimeoutMs, route = (address) => address } = options;

  const resolveChecked = async (hostname: string): Promise<readonly string[]> => {
    const addresses = (await resolve(hostname)).slice(0, MAX_ADDRESSES);
    for (const address of addresses) {
      const reason = check(address);
      if (reason !== undefined) throw refusal(hostname, address, reason);
    }
    return addresses.map(route);
  };

  const lookup: LookupFunction = (hostname, lookupOptions, callback) => {
    resolveChecked(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) callback(notFound(hostname), "", 0);
        else if (lookupOptions.all === true) {
          callback(
            null,
            addresses.map((address) => ({ address, family: isIP(address) })),
          );
        } else callback(null, first, isIP(first));
      },
      (error: unknown) => callback(error instanceof Error ? error : notFound(hostname), "", 0),
    );
  };

  const connectors = new Map<
    string,
    { readonly made: string; readonly connector: buildConnector.connector }
  >();
  /** The one before, unless a certificate was renewed: it keeps sessions. */
  const connectorFor = (origin: string, material: TlsMaterial = {}): buildConnector.connector => {
    const { ca, certificate, key } = material;
    const made = JSON.stringify([ca, certificate, key?.reveal()]);
    const known = connectors.get(origin);
    if (known?.made === made) return known.connector;
    const connector = buildConnector({
      lookup,
      timeout: connectTimeoutMs,
      allowH2: false,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: ATTEMPT_TIMEOUT_MS,
      // Said aloud, so that no environment variable can turn it off.
      rejectUnauthorized: true,
      minVersion: "TLSv1.2",
      ...(ca === undefined ? {} : { ca }),
      ...(certificate === undefined ? {} : { cert: certificate }),
      ...(key === undefined ? {} : { key: key.reveal() }),
    });
    connectors.set(origin, { made, connector });
    return connector;
  };

  return (request, callback) => {
    const { hostname, protocol, port } = request;
    // No look-up happens for an address, so its check is here.
    const literal = isIP(hostname) !== 0;
    const reason = literal ? check(hostname) : undefined;
    if (reason !== undefined) {
      callback(refusal(hostname, hostname, reason), null);
      return;
    }
    const dialled = literal ? { ...request, hostname: route(hostname) } : request;
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    const origin = `${protocol}//${host}${port === "" ? "" : `:${port}`}`;
    const onSocket: buildConnector.Callback = (error, socket) => {
      if (error !== null) {
        callback(error, null);
        return;
      }
      // The end that was really reached, whatever lies between name and socket.
      const remote = socket.remoteAddress ?? "unknown";
      const late = check(remote);
      if (late === undefined || options.route !== undefined) {
        callback(null, socket);
        return;
      }
      socket.destroy();
      callback(refusal(hostname, remote, late), null);
    };
    const prepare = async (): Promise<buildConnector.connector> =>
      connectorFor(origin, await options.tls(origin));
    prepare().then(
      (connect) => connect(dialled, onSocket),
      (error: unknown) => callback(error instanceof Error ? error : new Error("no TLS material"), null),
    );
  };
};
