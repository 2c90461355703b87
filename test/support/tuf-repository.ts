import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/*
 * A TUF repository with one key, on loopback: metadata is signed for real (Ed25519 over canonical JSON), so that
 * the client's own checks are what is exercised.
 */
type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

/** Canonical JSON as TUF signs it; enough for what is written here (no escapes, no fractions). */
const canonical = (value: Json): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(",")}}`;
};

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const EXPIRES = "2099-01-01T00:00:00Z";
const ROLES = ["root", "timestamp", "snapshot", "targets"] as const;

const createSigner = () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("hex");
  const key = { keytype: "ed25519", scheme: "ed25519", keyval: { public: raw } };
  const keyId = sha256(canonical(key));
  const seal = (signed: Json): string =>
    JSON.stringify({
      signed,
      signatures: [
        {
          keyid: keyId,
          sig: sign(null, Buffer.from(canonical(signed)), privateKey as KeyObject).toString("hex"),
        },
      ],
    });
  return { key, keyId, seal };
};

export interface TufRepository {
  readonly url: string;
  readonly rootJson: string;
  /** Publishes the trusted root under this version of all metadata. */
  publish(trustedRoot: string, version: number): void;
  /** Answers with these bytes, whatever the metadata says. */
  tamper(path: string, body: string): void;
  requests(): number;
  close(): Promise<void>;
}

export const createTufRepository = async (): Promise<TufRepository> => {
  const { key, keyId, seal } = createSigner();
  const files = new Map<string, string>();
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    const body = files.get(request.url ?? "");
    response.statusCode = body === undefined ? 404 : 200;
    response.end(body ?? "");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const role = { keyids: [keyId], threshold: 1 };
  const root: Json = {
    _type: "root",
    spec_version: "1.0.31",
    version: 1,
    expires: EXPIRES,
    consistent_snapshot: false,
    keys: { [keyId]: key },
    roles: Object.fromEntries(ROLES.map((name) => [name, role])),
  };
  const common = (type: string, version: number) => ({
    _type: type,
    spec_version: "1.0.31",
    version,
    expires: EXPIRES,
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rootJson: seal(root),
    publish(trustedRoot, version) {
      const target = { length: Buffer.byteLength(trustedRoot), hashes: { sha256: sha256(trustedRoot) } };
      const targets = seal({ ...common("targets", version), targets: { "trusted_root.json": target } });
      const snapshot = seal({ ...common("snapshot", version), meta: { "targets.json": { version } } });
      const timestamp = seal({ ...common("timestamp", version), meta: { "snapshot.json": { version } } });
      files.set("/timestamp.json", timestamp);
      files.set("/snapshot.json", snapshot);
      files.set("/targets.json", targets);
      files.set("/targets/trusted_root.json", trustedRoot);
    },
    tamper: (path, body) => files.set(path, body),
    requests: () => requests,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
};

export const writeRoot = async (path: string, { rootJson }: TufRepository): Promise<void> =>
  writeFile(path, rootJson);
