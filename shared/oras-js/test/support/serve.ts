import { afterEach } from "vitest";
import { createRegistry, type Registry, type RegistryOptions } from "../../registry/create-registry.ts";

/** Closes what it was given when the test that gave it has ended. */
export const createCleaner = () => {
  const open: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((close) => close()));
  });
  return (close: () => Promise<unknown>): void => void open.push(close);
};

export interface Served {
  readonly base: string;
  readonly host: string;
  readonly registry: Registry;
}

/** Registries on real sockets, as other programs use them. */
export const createServing = () => {
  const closeLater = createCleaner();
  return async (options: RegistryOptions = {}): Promise<Served> => {
    const registry = createRegistry(options);
    const host = await registry.listen();
    closeLater(() => registry.close());
    return { base: `http://${host}`, host, registry };
  };
};

export const send = (
  url: string,
  method: string,
  body?: Uint8Array<ArrayBuffer> | string,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(url, { method, headers, redirect: "manual", ...(body === undefined ? {} : { body }) });

/** The first code of an error body. */
export const codeOf = async (response: Response): Promise<string | undefined> =>
  /"code":"([A-Z_]+)"/.exec(await response.text())?.[1];
