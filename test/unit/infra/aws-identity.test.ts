import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readIdentityParams } from "../../../infra/aws/identity-params.ts";

const CLUSTERS = `mode: observe
catalog: {file: ./catalog.json}
clusters:
`;
const BY_TOKEN = "  - {name: a, receiver: {baseUrl: https://a.example.com, token: {secret: a}}}\n";
const NO_IDENTITY = ["evaluateAudiences=", "deliverAudiences="];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-identity-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const paramsOf = (yaml: string): Promise<readonly string[]> => {
  writeFileSync(join(folder, "sluice.yaml"), yaml);
  return readIdentityParams(folder);
};

test("registries elsewhere are evaluate's, Receivers and endpoints deliver's, each once", async () => {
  const yaml = `${CLUSTERS}${BY_TOKEN}
  - name: b
    receiver: {baseUrl: https://b.example.com, audience: flux-b, audiences: {apps/one: flux-one}}
  - name: c
    receiver: {baseUrl: https://c.example.com, audience: flux-c, audiences: {apps/one: flux-c}}
endpoints:
  - {name: e, url: https://e.example.com/hook, audience: https://e.example.com}
registries:
  europe-west1-docker.pkg.dev:
    credentials: {google: {provider: projects/1/locations/global/workloadIdentityPools/pool/providers/aws-1}}
  us-docker.pkg.dev:
    credentials: {google: {provider: projects/1/locations/global/workloadIdentityPools/pool/providers/aws-1, audience: mine}}
  acme.azurecr.io:
    credentials: {azure: {tenant: 72f988bf-86f1-41af-91ab-2d7cd011db47, client: 5d1f6b0e-1111-4222-8333-944455556666}}
  123456789012.dkr.ecr.eu-west-1.amazonaws.com:
    credentials: {aws: {role: arn:aws:iam::123456789012:role/reads}}
  ghcr.io:
    credentials: {username: u, password: {secret: p}}
`;
  expect(await paramsOf(yaml)).toEqual([
    "evaluateAudiences=api://AzureADTokenExchange,https://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/aws-1,mine,sts.amazonaws.com",
    // None for cluster a: a generic-oidc Receiver of its catalog would be told nothing.
    "deliverAudiences=flux-b,flux-c,flux-one,https://e.example.com",
  ]);
});

test("none where there is nobody to show a token to, or sluice.yaml itself vouches for Sluice", async () => {
  expect(await paramsOf(`${CLUSTERS}  - {name: a}\n`)).toEqual(NO_IDENTITY);
  const issuer = "identity: {issuer: https://sluice.example.com, keys: [{secret: key}]}\n";
  expect(await paramsOf(`${CLUSTERS}${BY_TOKEN}${issuer}`)).toEqual(NO_IDENTITY);
});

test.each(["flux production", "flux,production", "$" + "{aws:username}"])(
  "an audience that IAM would read as something else is refused: %s",
  async (audience) => {
    const receiver = `receiver: {baseUrl: https://a.example.com, audience: ${JSON.stringify(audience)}}`;
    await expect(paramsOf(`${CLUSTERS}  - {name: a, ${receiver}}\n`)).rejects.toThrow(
      /^the audience ".*": on AWS it may hold no space, comma or \$$/,
    );
  },
);

test("more audiences than a role can name are refused", async () => {
  const clusters = Array.from(
    { length: 50 },
    (_, at) =>
      `  - {name: c${at}, receiver: {baseUrl: https://c.example.com, audience: ${"a".repeat(90)}${at}}}\n`,
  );
  await expect(paramsOf(`${CLUSTERS}${clusters.join("")}`)).rejects.toThrow(/have 4639 characters together/);
});
