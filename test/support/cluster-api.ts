import { writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

export interface ClusterApi {
  /** Path of a file that leads there. */
  readonly kubeconfig: string;
  close(): Promise<void>;
}

/** An API server on loopback that answers as told, and the kubeconfig for it, written into `folder`. */
export const startClusterApi = async (
  folder: string,
  token: string,
  answer: RequestListener,
): Promise<ClusterApi> => {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(folder, "config");
  const config = {
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    clusters: [
      { name: "c", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } },
    ],
    users: [{ name: "u", user: { token } }],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  return {
    kubeconfig,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

/** Kubernetes' own encoding of a Secret's data. */
export const toSecret = (data: Readonly<Record<string, string>>) => ({
  data: Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString("base64")]),
  ),
});
