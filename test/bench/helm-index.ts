import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Pool } from "undici";

const VERSIONS_PER_CHART = 90;
const HEX_DIGITS = 64;

/** One version of a chart as `helm repo index` writes it, with the fields that published charts tend to have. */
const toEntry = (at: number): string => {
  const chart = `app-${Math.floor(at / VERSIONS_PER_CHART)}`;
  const version = `${at % 7}.${at % 60}.${at % 997}`;
  return `  - annotations:
      artifacthub.io/category: integration-delivery
      artifacthub.io/images: |
        - name: ${chart}
          image: ghcr.io/acme/${chart}:v${version}
      artifacthub.io/license: Apache-2.0
    apiVersion: v2
    appVersion: v${version}
    created: "2026-01-02T03:04:05.678901234Z"
    dependencies:
    - name: common
      repository: oci://ghcr.io/acme/charts
      version: 2.x.x
    description: Runs ${chart} with its database migrations, metrics and network policies
    digest: ${at.toString(16).padStart(HEX_DIGITS, "0")}
    home: https://github.com/acme/${chart}
    keywords:
    - ${chart}
    - acme
    maintainers:
    - email: platform@acme.example
      name: platform
      url: https://github.com/acme
    name: ${chart}
    sources:
    - https://github.com/acme/${chart}
    type: application
    urls:
    - https://charts.acme.example/${chart}-${version}.tgz
    version: ${version}
`;
};

/** The index of a classic Helm repository: Flux fetches all of it to learn of one new version. */
export const toHelmIndex = (entries: number): string => {
  const parts = ["apiVersion: v1\nentries:\n"];
  for (let at = 0; at < entries; at++) {
    if (at % VERSIONS_PER_CHART === 0) parts.push(`  app-${at / VERSIONS_PER_CHART}:\n`);
    parts.push(toEntry(at));
  }
  parts.push('generated: "2026-01-02T03:04:05.678901234Z"\n');
  return parts.join("");
};

/** Bytes that crossed the connection, head included, when the index was fetched once over HTTP. */
export const fetchHelmIndex = async (index: string): Promise<number> => {
  let sent = 0;
  const server = createServer((request, response) => {
    response.on("finish", () => {
      sent = request.socket.bytesWritten;
    });
    response.setHeader("content-type", "text/yaml").end(index);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 1 });
  try {
    const response = await pool.request({ method: "GET", path: "/index.yaml" });
    await response.body.dump({ limit: index.length });
  } finally {
    await pool.close();
    await new Promise((resolve) => server.close(resolve));
  }
  return sent;
};
