import type { RegistryReader, TrustedRootSource, Verifier } from "../../ports.ts";

export interface RegistrySettings {
  /** Talk HTTP to every registry, not only to those on this machine. */
  readonly plainHttp: boolean;
}

/** What `sluice verify` needs from the world. */
export interface VerifyPorts {
  openRegistry(settings: RegistrySettings): RegistryReader;
  createVerifier(registry: RegistryReader, trustedRoots: TrustedRootSource): Verifier;
  /** The root that ships with Sluice. */
  readonly defaultTrustedRoot: TrustedRootSource;
  /** Relative to the working folder. Throws with a one-line reason that names no path. */
  readFile(path: string, maxBytes: number): Promise<Uint8Array>;
}
