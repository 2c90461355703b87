import { createRegistry as createRegistryServer } from "oras-js/registry";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type AmbientLogins, createRegistry } from "../../../functions/wiring/registry/registry.ts";
import { createNodeSecrets } from "../../../shared/adapters/node/secrets.ts";
import { Secret } from "../../../shared/artifact/secret.ts";
import { parseConfig } from "../../../shared/config.ts";
import type { RegistryLogin } from "../../../shared/ports.ts";

const { signal } = new AbortController();
const clock = { nowMs: () => 1_700_000_000_000 };

describe("`credentials: {ambient: …}` of a registry", () => {
  const server = createRegistryServer({ auth: { kind: "basic", users: { machine: "pw" } } });
  let host = "";
  let asked: string[] = [];

  beforeEach(async () => {
    host = await server.listen();
    asked = [];
  });
  afterEach(() => server.close());

  const read = async (credentials: object | undefined, known: boolean, onCloud = false) => {
    const settings = {
      mode: "observe",
      clusters: [{ name: "c", manifests: { folder: "." } }],
      registries: {
        [host]: {
          plainHttp: true,
          allowPrivateAddresses: true,
          ...(credentials === undefined ? {} : { credentials }),
        },
      },
    };
    const config = parseConfig(JSON.stringify(settings), { file: "sluice.yaml", baseFolder: "/" });
    const login = (cloud: string) => async (): Promise<RegistryLogin | undefined> => {
      asked.push(cloud);
      return known ? { username: "machine", password: new Secret("pw") } : undefined;
    };
    const ambient: AmbientLogins = { aws: login("aws"), azure: login("azure"), google: login("google") };
    const opened = createRegistry(config, {
      clock,
      secrets: createNodeSecrets({}),
      ...(onCloud ? { registryCredentials: [login("platform")] } : { ambient: () => ambient }),
    });
    try {
      return await opened.reader.resolveTag({ registry: host, repository: "acme/app" }, "1", signal);
    } finally {
      await opened.close();
    }
  };

  test("logs in as that cloud knows the machine", async () => {
    expect(await read({ ambient: "azure" }, true)).toBeUndefined();
    expect(new Set(asked)).toEqual(new Set(["azure"]));
  });

  test("without it no cloud is asked who we are", async () => {
    await expect(read(undefined, true)).rejects.toMatchObject({ code: "REGISTRY_DENIED" });
    expect(asked).toEqual([]);
  });

  test("in a cloud it is the platform that logs in", async () => {
    expect(await read({ ambient: "aws" }, true, true)).toBeUndefined();
    expect(new Set(asked)).toEqual(new Set(["platform"]));
  });

  test("a host that is another's is a mistake in sluice.yaml", async () => {
    await expect(read({ ambient: "google" }, false)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: `registries[${host}].credentials: this is no registry of Google's`,
    });
  });
});
