import { FileUnreadable, readCappedFile } from "../../../shared/adapters/node/capped-file.ts";
import type { CatalogSettings } from "../../../shared/config/config.ts";
import { PipelineError } from "../../../shared/errors.ts";
import { type DatedCatalog, parseCatalog } from "../../../shared/policy/catalog/catalog-json.ts";
import type { Clock, ObjectReader } from "../../../shared/ports.ts";
import type { StateStore } from "../../../shared/state.ts";
import type { LoadCatalog, LoadedCatalog } from "./catalogs.ts";
import type { OpenArtifacts } from "./policy-artifact.ts";
import { advanceStamp } from "./policy-stamp.ts";

const TIMEOUT_MS = 60_000;
const MAX_BYTES = 64 * 1_048_576;
const STATE_KEY = "catalog";

export interface CompiledCatalogPorts {
  readonly clock: Clock;
  /** Remembers how new the catalog in use is, over restarts; absent for commands that only look. */
  readonly state?: StateStore;
  /** Absent where no registry is read: an artifact is refused. */
  readonly artifacts?: OpenArtifacts;
  /** Absent where no cloud's storage can be read. */
  readonly objects?: ObjectReader;
}

const refuse = (message: string, cause?: unknown): PipelineError =>
  new PipelineError(message, { code: "CATALOG_INVALID", cause });

/** How messages name the catalog. */
const toLabel = (settings: CatalogSettings): string => {
  switch (settings.kind) {
    case "file":
      return `catalog ${settings.path}`;
    case "artifact":
      return `catalog ${settings.reference}`;
    case "object":
      return `catalog ${settings.url}`;
  }
};

const readCatalogFile = async (path: string): Promise<Uint8Array> => {
  try {
    return await readCappedFile(path, MAX_BYTES);
  } catch (cause) {
    if (!(cause instanceof FileUnreadable)) throw cause;
    const hint = cause.absent ? "; write it with `sluice compile`" : "";
    throw refuse(`catalog ${path}: ${cause.message}${hint}`, cause);
  }
};

const readBytes = async (settings: CatalogSettings, ports: CompiledCatalogPorts): Promise<Uint8Array> => {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  switch (settings.kind) {
    case "file":
      return readCatalogFile(settings.path);
    case "artifact": {
      if (ports.artifacts === undefined) throw refuse(`${toLabel(settings)} needs a registry`);
      // Functions whose catalog comes as a file start without it.
      const { readCatalogArtifact } = await import("./catalog-artifact.ts");
      return readCatalogArtifact(await ports.artifacts(), settings, signal);
    }
    case "object":
      if (ports.objects !== undefined) return ports.objects.read(settings.url, MAX_BYTES, signal);
      throw new PipelineError(
        `catalog ${settings.url}: only Sluice's functions in that cloud can read it; write \`file\` or \`artifact\``,
        { code: "CONFIG_INVALID" },
      );
  }
};

const parse = (bytes: Uint8Array, label: string): DatedCatalog => {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw refuse(`${label}: is not UTF-8 text`, cause);
  }
  try {
    return parseCatalog(text);
  } catch (cause) {
    throw cause instanceof PipelineError ? refuse(`${label}: ${cause.message}`, cause) : cause;
  }
};

const take = async (
  bytes: Uint8Array,
  label: string,
  { state, clock }: CompiledCatalogPorts,
): Promise<LoadedCatalog> => {
  const { catalog, compiledAtMs } = parse(bytes, label);
  const stamp = { version: catalog.version, madeAtMs: compiledAtMs };
  if (state !== undefined) await advanceStamp(stamp, { state, key: STATE_KEY, nowMs: clock.nowMs(), label });
  return { catalog, findings: [] };
};

/**
 * Loads a catalog that `sluice compile` wrote: whole, verified where it is an artifact, and never an older one after
 * a newer, whichever instance had that. Throws `CATALOG_INVALID`, `CATALOG_UNAVAILABLE`.
 */
export const loadCompiledCatalog = async (
  settings: CatalogSettings,
  ports: CompiledCatalogPorts,
): Promise<LoadedCatalog> => take(await readBytes(settings, ports), toLabel(settings), ports);

/** As `loadCompiledCatalog`, over and over; parses only what differs from the last good one. */
export const createCompiledLoader = (settings: CatalogSettings, ports: CompiledCatalogPorts): LoadCatalog => {
  let last: Buffer | undefined;
  return async () => {
    const bytes = Buffer.from(await readBytes(settings, ports));
    if (last?.equals(bytes)) return "unchanged";
    const loaded = await take(bytes, toLabel(settings), ports);
    last = bytes;
    return loaded;
  };
};
