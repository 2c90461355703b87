import type { RegistryReader, TrustedRootSource, Verifier } from "../../ports.ts";

export interface RegistryRequest {
  /** Talk HTTP to every registry, not only to those on this machine. */
  readonly plainHttp: boolean;
  /** Take credentials and addresses from this sluice.yaml; otherwise from docker's own config.json. */
  readonly config: string | undefined;
}

export interface OpenRegistry {
  readonly reader: RegistryReader;
  close(): Promise<void>;
}

/** What commands that ask a registry and judge signatures need from the world. */
export interface VerifyPorts {
  openRegistry(request: RegistryRequest, io: { readonly cwd: string }): Promise<OpenRegistry>;
  createVerifier(registry: RegistryReader, trustedRoots: TrustedRootSource): Verifier;
  /** Relative to the working folder. Throws with a one-line reason that names no path. */
  readFile(path: string, maxBytes: number, io: { readonly cwd: string }): Promise<Uint8Array>;
}
