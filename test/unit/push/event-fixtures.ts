import { readFileSync } from "node:fs";
import { Secret } from "../../../shared/artifact/secret.ts";
import type { IncomingRequest, Push } from "../../../shared/ports.ts";
import type { PushSource, SourceOptions } from "../../../shared/push/source.ts";
import { parseSource } from "../../../shared/push/sources.ts";

const FOLDER = new URL("../../fixtures/events/", import.meta.url);

/** One entry of test/fixtures/events/index.json. */
export interface EventFixture {
  readonly source: string;
  readonly file: string;
  readonly origin: "captured" | "documented" | "inferred";
  readonly shows: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly registry?: string;
  readonly repositoryPaths?: Readonly<Record<string, string>>;
  readonly expected?: readonly Push[];
  readonly error?: { readonly code: string; readonly message: string };
}

export const EVENT_FIXTURES: readonly EventFixture[] = JSON.parse(
  readFileSync(new URL("index.json", FOLDER), "utf8"),
);

export const readBody = (file: string): Uint8Array => new Uint8Array(readFileSync(new URL(file, FOLDER)));

export const sourceNamed = (name: string): PushSource => {
  const source = parseSource(name);
  if (source === undefined) throw new Error(`no source ${name}`);
  return source;
};

export const requestOf = (
  body: Uint8Array | string,
  headers: Readonly<Record<string, string>> = {},
  at: { readonly method?: string; readonly path?: string; readonly query?: string } = {},
): IncomingRequest => ({
  method: at.method ?? "POST",
  path: at.path ?? "/events/test",
  query: at.query ?? "",
  headers,
  body: typeof body === "string" ? new TextEncoder().encode(body) : body,
});

export const NOW_MS = Date.UTC(2026, 9, 6, 12, 0, 0);

export const optionsWith = (
  options: Partial<SourceOptions> = {},
  ...secrets: readonly string[]
): SourceOptions => ({ secrets: secrets.map((secret) => new Secret(secret)), nowMs: NOW_MS, ...options });
