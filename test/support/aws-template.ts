import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const ROOT = join(import.meta.dirname, "../..");
const TIMEOUT_MS = 240_000;

/** A deployment's folder as small as it can be: what is tested is what is made around it. */
const SLUICE_YAML = `mode: observe
catalog: {file: ./catalog.json}
clusters:
  - name: production
    receiver: {baseUrl: https://flux.example.com, audience: flux-production}
registries:
  acme.azurecr.io:
    credentials:
      azure: {tenant: 72f988bf-86f1-41af-91ab-2d7cd011db47, client: 5d1f6b0e-1111-4222-8333-944455556666}
`;

export interface Resource {
  readonly Type: string;
  readonly DependsOn?: readonly string[];
  readonly Properties: Readonly<Record<string, unknown>>;
}

export interface Template {
  readonly Parameters: Readonly<Record<string, { readonly Default: string }>>;
  readonly Resources: Readonly<Record<string, Resource>>;
}

/** Where `npm run package:aws` leaves what CloudFormation gets. */
export const TEMPLATE_PATH = join(ROOT, ".serverless/cloudformation-template-update-stack.json");

/** Runs `npm run package:aws` as a person would, without credentials, and answers the compiled template. */
export const packageAws = async (): Promise<Template> => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-aws-"));
  try {
    writeFileSync(join(folder, "sluice.yaml"), SLUICE_YAML);
    writeFileSync(join(folder, "catalog.json"), "{}");
    const args = [
      "run",
      "--silent",
      "package:aws",
      "--",
      "--config",
      folder,
      "--stage",
      "test",
      "--param",
      "eventBus=",
    ];
    await promisify(execFile)("npm", args, { cwd: ROOT, timeout: TIMEOUT_MS });
  } finally {
    rmSync(folder, { recursive: true });
  }
  return JSON.parse(readFileSync(TEMPLATE_PATH, "utf8")) as Template;
};

export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** The statements of a role's `Policies`; conditional ones count as if their condition held. */
export const toStatements = (policies: unknown): readonly Statement[] =>
  (policies as readonly { readonly PolicyDocument: { readonly Statement: readonly unknown[] } }[])
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .map((one) => {
      const conditional = Reflect.get(Object(one), "Fn::If") as readonly unknown[] | undefined;
      return (conditional === undefined ? one : conditional[1]) as Statement;
    });
