import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SSMClient } from "@aws-sdk/client-ssm";
import { STSClient } from "@aws-sdk/client-sts";
import { beforeEach, describe, expect, test } from "vitest";
import { createAwsCallerIdentity } from "../../../shared/adapters/aws/caller-identity.ts";
import { createEventBridgeBus } from "../../../shared/adapters/aws/decision-bus.ts";
import { createAwsNamedSecrets } from "../../../shared/adapters/aws/named-secrets.ts";
import type { DecisionEvent } from "../../../shared/state.ts";
import { type AwsAnswer, type AwsRequest, startAwsDouble } from "./aws-double.ts";

const { signal } = new AbortController();
const START_MS = 1_700_000_000_000;

let answer: (request: AwsRequest) => AwsAnswer;
const double = await startAwsDouble((request) => answer(request));

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

test("who we are is asked of STS with a short life, and a refusal says what to enable", async () => {
  answer = () => ({
    status: 400,
    body: "<ErrorResponse><Error><Type>Sender</Type><Code>OutboundWebIdentityFederationDisabledException</Code><Message>off</Message></Error></ErrorResponse>",
  });
  const identity = createAwsCallerIdentity(async () => new STSClient(double.settings()), clock);
  await expect(identity("one", signal)).rejects.toMatchObject({
    message: expect.stringContaining("enable outbound web identity federation"),
  });
  expect(double.requests).toMatchObject([
    {
      body: {
        Action: "GetWebIdentityToken",
        "Audience.member.1": "one",
        SigningAlgorithm: "RS256",
        DurationSeconds: "300",
      },
    },
  ]);
});

describe("the decision bus", () => {
  const event = (id: string, type: DecisionEvent["type"] = "decision"): DecisionEvent => ({
    id,
    type,
    atMs: START_MS,
    detail: { id },
  });
  const bus = createEventBridgeBus(async () => new EventBridgeClient(double.settings()), "sluice");

  test("is asked by PutEvents, for entries that rules can match", async () => {
    answer = () => ({ body: { FailedEntryCount: 0, Entries: [] } });
    await bus.publish([event("a", "delivery")]);
    expect(double.requests.map(({ action }) => action)).toEqual(["AWSEvents.PutEvents"]);
    expect(double.requests[0]?.body.Entries).toEqual([
      {
        EventBusName: "sluice",
        Source: "sluice",
        DetailType: "Sluice Delivery",
        Time: START_MS / 1_000,
        Detail: '{"id":"a"}',
      },
    ]);
  });

  test("is named the events that it turned away, and sent the others", async () => {
    answer = ({ body: { Entries } }) => {
      const outcomes = (Entries as { Detail: string }[]).map(({ Detail }) =>
        Detail.includes("e3") ? { ErrorCode: "ThrottlingException" } : { EventId: "…" },
      );
      const FailedEntryCount = outcomes.filter((outcome) => "ErrorCode" in outcome).length;
      return { body: { FailedEntryCount, Entries: outcomes } };
    };
    const events = Array.from({ length: 11 }, (_, at) => event(`e${at}`));
    await expect(bus.publish(events)).rejects.toMatchObject({
      code: "BUS_UNAVAILABLE",
      message: "EventBridge: not taken: e3 (ThrottlingException)",
    });
    expect(double.requests).toHaveLength(2);
  });
});
