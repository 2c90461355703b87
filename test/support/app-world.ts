import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRegistry } from "oras-js/registry";
import { type ReceiverDouble, startReceiverDouble } from "../../functions/local/playground/receiver.ts";

/** One object over `acme/app`, and the Receiver that reaches it. */
export const appManifests = (registry: string): string => `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: { name: app, namespace: apps }
spec: { interval: 60m, url: "oci://${registry}/acme/app", ref: { semver: "1.x" } }
---
apiVersion: notification.toolkit.fluxcd.io/v1
kind: Receiver
metadata: { name: sluice, namespace: apps }
spec: { type: generic-hmac, secretRef: { name: t }, resources: [{ kind: OCIRepository, name: app }] }
`;

/** The smallest cluster there is to tell, and what it takes its versions from. */
export interface AppWorld {
  /** Its folder `manifests` holds `app.yaml`. */
  readonly folder: string;
  readonly registry: string;
  /** Knows the Receiver by the token `t0ken`. */
  readonly receiver: ReceiverDouble;
  close(): Promise<void>;
}

export const startAppWorld = async (): Promise<AppWorld> => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-app-"));
  const server = createRegistry();
  const registry = await server.listen();
  const receiver = await startReceiverDouble();
  const resources = ["OCIRepository/apps/app"];
  receiver.register({ namespace: "apps", name: "sluice", type: "generic-hmac", token: "t0ken", resources });
  await mkdir(join(folder, "manifests"));
  await writeFile(join(folder, "manifests", "app.yaml"), appManifests(registry));
  return {
    folder,
    registry,
    receiver,
    async close() {
      await Promise.all([receiver.close(), server.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
};
