import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toJson } from "../../../shared/policy/catalog/catalog-json.ts";
import { compileText, ociRepository } from "../../unit/policy/compile-text.ts";

const SLUICE_YAML = `mode: enforce
catalog: {file: ./catalog.json}
clusters:
  - name: production
    receiver: {baseUrl: https://flux.example.com, token: {env: SLUICE_BENCH_SECRET}}
    inputs: {tokens: [{env: SLUICE_BENCH_SECRET}]}
sources:
  - {type: distribution, secrets: [{env: SLUICE_BENCH_SECRET}]}
`;

const RECEIVER = `
apiVersion: notification.toolkit.fluxcd.io/v1
kind: Receiver
metadata: {name: sluice, namespace: apps}
spec:
  type: generic-hmac
  secretRef: {name: token}
  resources: [{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, name: app}]
---
`;

/** The deployment's folder that every cloud's functions are bundled with. */
export const writeDeployment = (folder: string): void => {
  mkdirSync(folder);
  writeFileSync(join(folder, "sluice.yaml"), SLUICE_YAML);
  const compiled = compileText(ociRepository("ref: {semver: 1.x}") + RECEIVER);
  writeFileSync(join(folder, "catalog.json"), toJson(compiled, 1));
};
