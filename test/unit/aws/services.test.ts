import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SSMClient } from "@aws-sdk/client-ssm";
import { STSClient } from "@aws-sdk/client-sts";
import { beforeEach, describe, expect, test } from "vitest";
import { createAwsCallerIdentity } from "../../../shared/adapters/aws/caller-identity.ts";
import { createEventBridgeBus } from "../../../shared/adapters/aws/decision-bus.ts";
import { createAwsNamedSecrets } from "../../../shared/adapters/aws/named-secrets.ts";
import { createS3Objects } from "../../../shared/adapters/aws/s3-objects.ts";
import type { DecisionEvent } from "../../../shared/state.ts";
import { type AwsAnswer, type AwsRequest, startAwsDouble } from "./aws-double.ts";

const { signal } = new AbortController();
const START_MS = 1_700_000_000_000;

let answer: (request: AwsRequest) => AwsAnswer;
const double = await startAwsDouble((request) => answer(request));
const actions = () => double.requests.map(({ action }) => action);

let nowMs = START_MS;
const clock = { nowMs: () => nowMs };

beforeEach(() => {
  double.requests.length = 0;
  nowMs = START_MS;
});

test.each([
  ["Secrets Manager", "sluice/flux", "secretsmanager.GetSecretValue", { SecretId: "sluice/flux" }],
  [
    "SSM, decrypted",
    "/sluice/flux",
    "AmazonSSM.GetParameter",
    { Name: "/sluice/flux", WithDecryption: true },
  ],
])("secrets come from %s", async (_place, name, action, body) => {
  answer = () => ({ body: {} });
  const read = createAwsNamedSecrets({
    secretsManager: async () => new SecretsManagerClient(double.settings()),
    ssm: async () => new SSMClient(double.settings()),
  });
  await read(name, signal);
  expect(double.requests).toMatchObject([{ action, body }]);
});

describe("who we are", () => {
  const xml = (token: string) =>
    `<GetWebIdentityTokenResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetWebIdentityTokenResult><WebIdentityToken>${token}</WebIdentityToken><Expiration>${new Date(nowMs + 300_000).toISOString()}</Expiration></GetWebIdentityTokenResult></GetWebIdentityTokenResponse>`;
  const open = () => createAwsCallerIdentity(async () => new STSClient(double.settings()), clock);

  test("is a token for one audience, kept for 80 % of its life", async () => {
    answer = ({ body }) => ({ body: xml(`token-for-${body["Audience.member.1"]}`) });
    const identity = open();
    expect((await identity("one", signal)).reveal()).toBe("token-for-one");
    nowMs += 239_000;
    await identity("one", signal);
    expect((await identity("two", signal)).reveal()).toBe("token-for-two");
    expect(double.requests.map(({ body }) => body)).toEqual([
      expect.objectContaining({
        Action: "GetWebIdentityToken",
        "Audience.member.1": "one",
        SigningAlgorithm: "RS256",
        DurationSeconds: "300",
      }),
      expect.objectContaining({ "Audience.member.1": "two" }),
    ]);
    nowMs += 2_000;
    await identity("one", signal);
    expect(double.requests).toHaveLength(3);
  });

  test("cannot be said where federation is off", async () => {
    answer = () => ({
      status: 400,
      body: "<ErrorResponse><Error><Type>Sender</Type><Code>OutboundWebIdentityFederationDisabledException</Code><Message>off</Message></Error></ErrorResponse>",
    });
    await expect(open()("one", signal)).rejects.toMatchObject({
      code: "SECRET_UNAVAILABLE",
      message: expect.stringContaining("enable outbound web identity federation"),
    });
  });
});

describe("the decision bus", () => {
  const event = (
    id: string,
    type: DecisionEvent["type"],
    detail: DecisionEvent["detail"] = {},
  ): DecisionEvent => ({
    id,
    type,
    atMs: START_MS,
    detail,
  });
  const bus = createEventBridgeBus(async () => new EventBridgeClient(double.settings()), "sluice");

  test("takes decisions and deliveries as PutEvents, ten at a time", async () => {
    answer = () => ({ body: { FailedEntryCount: 0, Entries: [] } });
    const events = Array.from({ length: 11 }, (_, at) =>
      event(`${at}`, at === 0 ? "delivery" : "decision", { at }),
    );
    await bus.publish(events);
    expect(actions()).toEqual(["AWSEvents.PutEvents", "AWSEvents.PutEvents"]);
    expect(double.requests.map(({ body }) => (body.Entries as unknown[]).length)).toEqual([10, 1]);
    const [first] = double.requests.flatMap(({ body }) => body.Entries as unknown[]);
    expect(first).toEqual({
      EventBusName: "sluice",
      Source: "sluice",
      DetailType: "Sluice Delivery",
      Time: START_MS / 1_000,
      Detail: '{"at":0}',
    });
  });

  test("splits what is too large for one request", async () => {
    answer = () => ({ body: { FailedEntryCount: 0, Entries: [] } });
    await bus.publish([
      event("a", "decision", { x: "y".repeat(200_000) }),
      event("b", "decision", { x: "y".repeat(200_000) }),
    ]);
    expect(double.requests).toHaveLength(2);
  });

  test.each([
    ["out of reach", { status: 500, body: { __type: "InternalException" } }],
    [
      "turning events away",
      { body: { FailedEntryCount: 1, Entries: [{ ErrorCode: "ThrottlingException" }] } },
    ],
  ])("%s is BUS_UNAVAILABLE", async (_what, answered) => {
    answer = () => answered;
    await expect(bus.publish([event("a", "decision")])).rejects.toMatchObject({ code: "BUS_UNAVAILABLE" });
  });
});

describe("objects of S3", () => {
  const objects = createS3Objects(async () => new S3Client({ ...double.settings(), forcePathStyle: true }));

  test("are read whole, and refused above the limit", async () => {
    answer = () => ({ body: "catalog" });
    expect(Buffer.from(await objects.read("s3://bucket/some/key.json", 7, signal)).toString()).toBe(
      "catalog",
    );
    await expect(objects.read("s3://bucket/key", 6, signal)).rejects.toMatchObject({
      code: "CATALOG_INVALID",
    });
  });

  test.each([
    ["no address of S3", "https://bucket/key", { body: "" }, "CATALOG_INVALID"],
    [
      "absent",
      "s3://bucket/key",
      { status: 404, body: "<Error><Code>NoSuchKey</Code><Message>no</Message></Error>" },
      "CATALOG_INVALID",
    ],
    [
      "out of reach",
      "s3://bucket/key",
      { status: 500, body: "<Error><Code>InternalError</Code></Error>" },
      "CATALOG_UNAVAILABLE",
    ],
  ])("%s", async (_what, url, answered, code) => {
    answer = () => answered;
    await expect(objects.read(url, 100, signal)).rejects.toMatchObject({ code });
  });
});
