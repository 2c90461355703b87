import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "oras-js";
import { createRegistry } from "oras-js/registry";
import { pushArtifact, signArtifact } from "../../../functions/local/playground/artifacts.ts";
import { createLocalSigstore } from "../../../functions/local/playground/sigstore/local-sigstore.ts";
import { bundleFunctions } from "../../../infra/aws/bundle.ts";
import { toJson } from "../../../shared/policy/catalog/catalog-json.ts";
import { encodeWork } from "../../../shared/work-message.ts";
import { compileText } from "../../unit/policy/compile-text.ts";
import { toSqsEvent } from "../cold/aws-events.ts";

const REPOSITORY = "acme/app";
const SIGNER = { repository: "acme/app", ref: "refs/tags/v1" };

const toObject = (registry: string, name: string): string => `
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: ${name}, namespace: apps}
spec:
  url: oci://${registry}/${REPOSITORY}
  ref: {semver: ">=1.0.0"}
  verify:
    provider: cosign
    matchOIDCIdentity: [{issuer: "^https://token\\\\.actions", subject: "^https://github\\\\.com/acme/app/"}]
---`;

const toReceiver = (names: readonly string[]): string => `
apiVersion: notification.toolkit.fluxcd.io/v1
kind: Receiver
metadata: {name: sluice, namespace: apps}
spec:
  type: generic-hmac
  secretRef: {name: token}
  resources: [${names.map((name) => `{kind: OCIRepository, name: ${name}}`).join(", ")}]
---
`;

const toConfig = (registry: string): string => `mode: enforce
catalog: {file: ./catalog.json}
clusters:
  - name: prod
    receiver: {baseUrl: https://flux.example.com, token: {env: SLUICE_BENCH_SECRET}}
trustedRoots: {default: ./trusted_root.json}
registries: {"${registry}": {plainHttp: true, allowPrivateAddresses: true}}
`;

/** A registry, a signer, and the bundled functions of a deployment in which each of some objects follows one repository. */
export const openWarmWorld = async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-warm-"));
  const server = createRegistry();
  const registry = await server.listen();
  const sigstore = createLocalSigstore({ nowMs: Date.now });
  const client = createClient({ plainHttp: () => true });
  const repository = { registry, repository: REPOSITORY };
  let releases = 0;
  return {
    folder,
    /** The bundled evaluate, where as many objects select from the repository. */
    async bundle(subscriptions: number): Promise<string> {
      const deployment = join(folder, `deployment-${subscriptions}`);
      const bundles = join(folder, `bundles-${subscriptions}`);
      const names = Array.from({ length: subscriptions }, (_, at) => `app-${at}`);
      const manifests = names.map((name) => toObject(registry, name)).join("") + toReceiver(names);
      mkdirSync(deployment);
      writeFileSync(join(deployment, "sluice.yaml"), toConfig(registry));
      writeFileSync(join(deployment, "trusted_root.json"), sigstore.trustedRootJson);
      writeFileSync(join(deployment, "catalog.json"), toJson(compileText(manifests), 1));
      await bundleFunctions(deployment, bundles);
      return join(bundles, "evaluate", "index.mjs");
    },
    /** A newer signed version, and what the queue hands to evaluate for its push, as intake left it there. */
    async release(): Promise<unknown> {
      const tag = `1.${++releases}.0`;
      const artifact = await pushArtifact(client, repository, tag);
      await signArtifact(client, sigstore, artifact, SIGNER);
      await client.tagManifest(repository, artifact.digest, tag);
      const { digest, mediaType } = artifact;
      const push = {
        source: "distribution",
        kind: "artifact",
        ...repository,
        tag,
        digest,
        mediaType,
        id: tag,
      } as const;
      const work = { kind: "push", push, receivedAtMs: Date.now(), authenticated: true } as const;
      return toSqsEvent(encodeWork({ id: tag, work }));
    },
    async close(): Promise<void> {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
