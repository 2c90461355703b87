import { isRecord, type Manifest } from "../manifest/manifest.ts";

const ENCRYPTED = /^ENC\[/;

const fromBase64 = (text: string): Uint8Array => Buffer.from(text, "base64");

/** A Secret that lies in clear among the manifests, as public keys often do; encrypted ones are left alone. */
export const toSecretData = (manifest: Manifest): Readonly<Record<string, Uint8Array>> | undefined => {
  const { data, stringData, sops } = manifest.body;
  if (sops !== undefined) return undefined;
  const entries: [string, Uint8Array][] = [];
  const take = (values: unknown, decode: (text: string) => Uint8Array): void => {
    if (!isRecord(values)) return;
    for (const [key, value] of Object.entries(values)) {
      if (typeof value === "string" && !ENCRYPTED.test(value)) entries.push([key, decode(value)]);
    }
  };
  take(data, fromBase64);
  take(stringData, (text) => Buffer.from(text, "utf8"));
  return Object.fromEntries(entries);
};
