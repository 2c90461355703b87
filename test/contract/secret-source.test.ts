import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SSMClient } from "@aws-sdk/client-ssm";
import { withNamedSecrets } from "../../functions/wiring/named-secrets.ts";
import { withCappedAnswers } from "../../shared/adapters/aws/client-settings.ts";
import { createAwsNamedSecrets } from "../../shared/adapters/aws/named-secrets.ts";
import { createKeyVaultSecrets } from "../../shared/adapters/azure/key-vault-secrets.ts";
import { createGoogleApi } from "../../shared/adapters/gcp/google-api.ts";
import { createSecretManager } from "../../shared/adapters/gcp/secret-manager.ts";
import { createNodeSecrets } from "../../shared/adapters/node/secrets.ts";
import type { NamedSecrets } from "../../shared/adapters/remote/named-secrets.ts";
import { Secret } from "../../shared/artifact/secret.ts";
import type { ServiceReply, ServiceRequest } from "../support/service-double.ts";
import { awsSettings, json, LEAK, type Mood, startMoodyService } from "./moods.ts";
import { describeSecretSource, describeSecretStore } from "./secret-source.suite.ts";

describeSecretSource("environment", async () => {
  const env: Record<string, string> = {};
  return {
    secrets: createNodeSecrets(env),
    refOf: (name) => ({ env: name }),
    async put(name, value) {
      if (value === undefined) delete env[name];
      else env[name] = value;
    },
    advance: () => {},
    close: async () => {},
  };
});

describeSecretSource("files", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-secrets-"));
  const pathOf = (name: string): string => join(folder, name);
  return {
    secrets: createNodeSecrets({}),
    refOf: (name) => ({ file: pathOf(name) }),
    put: async (name, value) => (value === undefined ? rm(pathOf(name)) : writeFile(pathOf(name), value)),
    advance: () => {},
    close: () => rm(folder, { recursive: true }),
  };
});

/** How one store's protocol says what is there. */
interface Wire {
  nameOf(request: ServiceRequest): string;
  value(value: string): unknown;
  readonly absent: ServiceReply;
  readonly denied: ServiceReply;
  readonly prefix?: string;
  open(url: string): NamedSecrets;
}

const openAws = (endpoint: string): NamedSecrets =>
  createAwsNamedSecrets({
    secretsManager: async () => withCappedAnswers(new SecretsManagerClient(awsSettings(endpoint))),
    ssm: async () => withCappedAnswers(new SSMClient(awsSettings(endpoint))),
  });

const awsError = (word: string): ServiceReply => json(400, { __type: word, message: LEAK });

const WIRES: Readonly<Record<string, Wire>> = {
  "Secrets Manager": {
    nameOf: ({ body }) => JSON.parse(body).SecretId,
    value: (SecretString) => ({ SecretString }),
    absent: awsError("ResourceNotFoundException"),
    denied: awsError("AccessDeniedException"),
    open: openAws,
  },
  "Secrets Manager, as bytes": {
    nameOf: ({ body }) => JSON.parse(body).SecretId,
    value: (value) => ({ SecretBinary: Buffer.from(value).toString("base64") }),
    absent: awsError("InvalidRequestException"),
    denied: awsError("DecryptionFailure"),
    open: openAws,
  },
  "SSM Parameter Store": {
    nameOf: ({ body }) => JSON.parse(body).Name,
    value: (Value) => ({ Parameter: { Value } }),
    absent: awsError("ParameterNotFound"),
    denied: awsError("AccessDeniedException"),
    prefix: "/",
    open: openAws,
  },
  "Key Vault": {
    nameOf: ({ target }) => /^\/secrets\/([^?]*)\?/.exec(target)?.[1] ?? "",
    value: (value) => ({ value, id: "…" }),
    absent: json(404, { error: { code: "SecretNotFound", message: LEAK } }),
    denied: json(403, { error: { code: "Forbidden", message: LEAK } }),
    open: (url) =>
      createKeyVaultSecrets({
        url,
        fetch,
        tokens: async () => ({ value: new Secret(LEAK), expiresAtMs: Number.POSITIVE_INFINITY }),
      }),
  },
  "Secret Manager": {
    nameOf: ({ target }) => /\/secrets\/([^/]*)\/versions\/latest:access$/.exec(target)?.[1] ?? "",
    value: (value) => ({ payload: { data: Buffer.from(value).toString("base64") } }),
    absent: json(404, { error: { code: 404, status: "NOT_FOUND", message: "no such secret" } }),
    // Who repeats Google's words must not repeat a token among them.
    denied: json(403, {
      error: { code: 403, status: "PERMISSION_DENIED", message: `Bearer ${LEAK} may not` },
    }),
    open: (baseUrl) =>
      createSecretManager({
        project: "p",
        baseUrl,
        api: createGoogleApi({ fetch, token: async () => new Secret(LEAK) }),
      }),
  },
};

for (const [name, { nameOf, value, absent, denied, prefix = "", open }] of Object.entries(WIRES)) {
  describeSecretStore(name, async (timeoutMs) => {
    const values = new Map<string, string>();
    const service = await startMoodyService((request, mood: Mood) => {
      if (mood === "denies") return denied;
      const found = values.get(nameOf(request));
      return found === undefined ? absent : json(200, value(found));
    });
    let nowMs = 0;
    const named = open(service.double.url);
    return {
      service,
      secrets: withNamedSecrets(createNodeSecrets({}), named, { nowMs: () => nowMs }, timeoutMs),
      refOf: (secret) => ({ secret: `${prefix}${secret}` }),
      async put(secret, next) {
        if (next === undefined) values.delete(`${prefix}${secret}`);
        else values.set(`${prefix}${secret}`, next);
      },
      advance(ms) {
        nowMs += ms;
      },
      close: () => service.double.close(),
    };
  });
}
