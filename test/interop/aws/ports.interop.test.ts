import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { DeleteParameterCommand, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { afterAll, beforeAll } from "vitest";
import { withNamedSecrets } from "../../../functions/wiring/named-secrets.ts";
import { withCappedAnswers } from "../../../shared/adapters/aws/client-settings.ts";
import { createAwsNamedSecrets } from "../../../shared/adapters/aws/named-secrets.ts";
import { createS3Objects } from "../../../shared/adapters/aws/s3-objects.ts";
import { createNodeSecrets } from "../../../shared/adapters/node/secrets.ts";
import { describeObjectReader } from "../../contract/object-reader.suite.ts";
import { describeSecretSource } from "../../contract/secret-source.suite.ts";
import { startMoto } from "../world/aws.ts";
import { createWorld, type World } from "../world/world.ts";

let world: World;
let moto: Awaited<ReturnType<typeof startMoto>>;

beforeAll(async () => {
  world = await createWorld();
  moto = await startMoto(world);
});
afterAll(() => world.close());

let opened = 0;

const openClients = () => ({
  secretsManager: withCappedAnswers(new SecretsManagerClient(moto.settings)),
  ssm: withCappedAnswers(new SSMClient(moto.settings)),
});
type Clients = ReturnType<typeof openClients>;

const putSecret = async ({ secretsManager }: Clients, SecretId: string, value: string | undefined) => {
  if (value === undefined) {
    await secretsManager.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }));
    return;
  }
  await secretsManager
    .send(new PutSecretValueCommand({ SecretId, SecretString: value }))
    .catch(() => secretsManager.send(new CreateSecretCommand({ Name: SecretId, SecretString: value })));
};

const putParameter = async ({ ssm }: Clients, Name: string, Value: string | undefined) => {
  if (Value === undefined) await ssm.send(new DeleteParameterCommand({ Name }));
  else await ssm.send(new PutParameterCommand({ Name, Value, Type: "SecureString", Overwrite: true }));
};

for (const [name, prefix, put] of [
  ["Secrets Manager (moto)", "", putSecret],
  ["SSM Parameter Store (moto)", "/", putParameter],
] as const) {
  describeSecretSource(
    name,
    async () => {
      opened += 1;
      const clients = openClients();
      const nameOf = (secret: string): string => `${prefix}sluice/${opened}/${secret}`;
      let nowMs = 0;
      const named = createAwsNamedSecrets({
        secretsManager: async () => clients.secretsManager,
        ssm: async () => clients.ssm,
      });
      return {
        secrets: withNamedSecrets(createNodeSecrets({}), named, { nowMs: () => nowMs }),
        refOf: (secret) => ({ secret: nameOf(secret) }),
        put: (secret, value) => put(clients, nameOf(secret), value),
        advance(ms) {
          nowMs += ms;
        },
        async close() {
          clients.secretsManager.destroy();
          clients.ssm.destroy();
        },
      };
    },
    // Neither takes one.
    { holdsEmpty: false },
  );
}

describeObjectReader("S3 (moto)", async () => {
  opened += 1;
  const Bucket = `catalogs-${opened}`;
  const s3 = new S3Client({ ...moto.settings, forcePathStyle: true });
  await s3.send(
    new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: "us-west-2" } }),
  );
  return {
    objects: createS3Objects(async () => s3),
    urlOf: (name) => `s3://${Bucket}/${name}`,
    async put(name, bytes) {
      await s3.send(new PutObjectCommand({ Bucket, Key: name, Body: bytes }));
    },
    close: async () => s3.destroy(),
  };
});
