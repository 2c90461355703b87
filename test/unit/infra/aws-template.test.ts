import { beforeAll, describe, expect, test } from "vitest";
import { namesOf } from "../../../functions/aws/names.ts";
import { MAX_RECEIVES } from "../../../functions/aws/queue-handler.ts";
import { readSettings } from "../../../functions/aws/settings.ts";
import { keys, TABLE_DEFINITION, TTL_ATTRIBUTE } from "../../../shared/adapters/aws/dynamodb/table.ts";
import {
  packageAws,
  type Resource,
  type Statement,
  type Template,
  toStatements,
} from "../../support/aws-template.ts";
import { some } from "../../support/some.ts";

/** AWS lets no resource be named for these. */
const NAMELESS = [
  "ecr:GetAuthorizationToken",
  "ecr-public:GetAuthorizationToken",
  "ecr-public:DescribeRegistries",
  "sts:GetServiceBearerToken",
  "sts:GetWebIdentityToken",
];

let template: Template;
beforeAll(async () => {
  template = await packageAws();
}, 300_000);

const ofType = (type: string): readonly (readonly [name: string, resource: Resource])[] =>
  some(
    Object.entries(template.Resources).filter(([, { Type }]) => Type === type),
    type,
  );

const property = (name: string, path: string): unknown =>
  path
    .split(".")
    .reduce<unknown>((value, key) => Reflect.get(Object(value), key), template.Resources[name]?.Properties);

const arnOf = (name: string) => ({ "Fn::GetAtt": [name, "Arn"] });

const statementsOf = (role: string): readonly Statement[] =>
  some(toStatements(property(role, "Policies")), role);

const actionsOf = (role: string): readonly string[] => statementsOf(role).flatMap(({ Action }) => Action);

const ROLES = ["IntakeRole", "EvaluateRole", "DeliverRole", "SweepRole", "InputsRole"];

describe("queues", () => {
  test("are encrypted and keep what they hold for two weeks", () => {
    const queues = ofType("AWS::SQS::Queue");
    expect(queues).toHaveLength(5);
    for (const [, { Properties }] of queues) {
      expect(Properties).toMatchObject({ SqsManagedSseEnabled: true, MessageRetentionPeriod: 1_209_600 });
    }
  });

  test("refuse what comes without TLS", () => {
    const denied = ofType("AWS::SQS::QueuePolicy").flatMap(([, { Properties }]) => {
      const { Statement } = Properties.PolicyDocument as { readonly Statement: readonly Statement[] };
      const deny = Statement.find(({ Effect }) => Effect === "Deny");
      expect(deny?.Condition).toEqual({ Bool: { "aws:SecureTransport": "false" } });
      return (Properties.Queues as readonly { readonly Ref: string }[]).map(({ Ref }) => Ref);
    });
    expect(denied.sort()).toEqual(
      ofType("AWS::SQS::Queue")
        .map(([name]) => name)
        .sort(),
    );
  });

  test.each(["Evaluate", "Deliver"])(
    "%s: dead letters, partial failures, visibility of six timeouts",
    (name) => {
      const timeoutS = Number(property(`${name}LambdaFunction`, "Timeout"));
      expect(Number(property(`${name}Queue`, "VisibilityTimeout"))).toBeGreaterThanOrEqual(6 * timeoutS);
      expect(property(`${name}Queue`, "RedrivePolicy.deadLetterTargetArn")).toEqual(
        arnOf(`${name}DeadLetters`),
      );
      expect(property(`${name}Queue`, "RedrivePolicy.maxReceiveCount")).toBe(MAX_RECEIVES);
      const mapping = ofType("AWS::Lambda::EventSourceMapping").find(([key]) => key.startsWith(name))?.[1];
      expect(mapping?.Properties).toMatchObject({
        EventSourceArn: arnOf(`${name}Queue`),
        FunctionResponseTypes: ["ReportBatchItemFailures"],
        ScalingConfig: { MaximumConcurrency: expect.any(Number) },
      });
    },
  );
});

describe("events", () => {
  test("the rule retries for a day, and then keeps what it could not hand over", () => {
    const [target] = property("PushRule", "Targets") as readonly unknown[];
    expect(target).toMatchObject({
      Arn: arnOf("EvaluateQueue"),
      RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
      DeadLetterConfig: { Arn: arnOf("UndeliveredEvents") },
    });
  });

  test.each(["EvaluateQueue", "UndeliveredEvents"])("only this rule may send to %s", (queue) => {
    const { Statement } = property(`${queue}Policy`, "PolicyDocument") as {
      readonly Statement: readonly Statement[];
    };
    expect(Statement.filter(({ Effect }) => Effect === "Allow")).toEqual([
      expect.objectContaining({
        Principal: { Service: "events.amazonaws.com" },
        Action: "sqs:SendMessage",
        Resource: arnOf(queue),
        Condition: { ArnEquals: { "aws:SourceArn": arnOf("PushRule") } },
      }),
    ]);
  });

  test("both schedules say what they are for, retry, and have dead letters", () => {
    const schedules = ofType("AWS::Scheduler::Schedule").map(([, { Properties }]) => Properties.Target);
    expect(schedules.map((target) => Reflect.get(Object(target), "Input")).sort()).toEqual([
      '{"sweep":"due"}',
      '{"sweep":"repositories"}',
    ]);
    for (const target of schedules) {
      expect(target).toMatchObject({
        RetryPolicy: { MaximumRetryAttempts: expect.any(Number) },
        DeadLetterConfig: { Arn: arnOf("UndeliveredEvents") },
      });
    }
  });
});

describe("roles", () => {
  test("each function has its own", () => {
    const roles = ofType("AWS::Lambda::Function").map(([, { Properties }]) =>
      JSON.stringify(Properties.Role),
    );
    expect(roles.sort()).toEqual(ROLES.map((role) => JSON.stringify(arnOf(role))).sort());
  });

  test.each([...ROLES, "SchedulerRole"])(
    "%s allows nothing on everything but what AWS cannot name",
    (role) => {
      for (const { Action, Resource, Effect } of statementsOf(role)) {
        const actions = [Action].flat();
        expect(Effect).toBe("Allow");
        expect(actions.filter((action) => action.includes("*"))).toEqual([]);
        if ([Resource].flat().includes("*")) {
          expect(actions.filter((action) => !NAMELESS.includes(action))).toEqual([]);
        }
      }
    },
  );

  test("evaluate holds no receiver's secret, deliver no right to a registry, intake neither", () => {
    expect(JSON.stringify(statementsOf("EvaluateRole"))).not.toContain("/receivers/");
    expect(actionsOf("DeliverRole").filter((action) => action.startsWith("ecr"))).toEqual([]);
    expect(JSON.stringify(statementsOf("DeliverRole"))).not.toContain("/registries/");
    expect(actionsOf("IntakeRole").filter((action) => /^(ecr|sts|events|s3)/.test(action))).toEqual([]);
    expect(JSON.stringify(statementsOf("IntakeRole"))).not.toMatch(/\/(receivers|registries)\//);
    expect(actionsOf("SweepRole").filter((action) => /^(ecr|sts)/.test(action))).toEqual([]);
  });

  test.each([
    ["IntakeRole", "sources"],
    ["EvaluateRole", "registries"],
    ["DeliverRole", "receivers"],
    ["SweepRole", "redeliveries"],
    ["InputsRole", "inputs"],
  ])("%s reads the secrets below %s/, and no others", (role, part) => {
    const readable = statementsOf(role)
      .filter(({ Action }) => [Action].flat().some((action) => /^(secretsmanager|ssm):/.test(action)))
      .map(({ Action, Resource }) => [Action, JSON.stringify(Resource)] as const);
    expect(readable).toEqual([
      [["secretsmanager:GetSecretValue"], expect.stringMatching(`:secret:sluice/test/${part}/\\*"`)],
      [["ssm:GetParameter"], expect.stringMatching(`:parameter/sluice/test/${part}/\\*"`)],
    ]);
  });
});

test("the API hands clusters' inputs to inputs, and everything else to intake", () => {
  const routes = ofType("AWS::ApiGatewayV2::Route").map(([, { Properties }]) => [
    Properties.RouteKey,
    Properties.Target,
  ]);
  const to = (name: string) => ({
    "Fn::Join": ["/", ["integrations", { Ref: `HttpApiIntegration${name}` }]],
  });
  expect(routes).toEqual([
    ["ANY /{path+}", to("Intake")],
    ["GET /clusters/{cluster}/inputs", to("Inputs")],
  ]);
  for (const name of ["Intake", "Inputs"])
    expect(property(`HttpApiIntegration${name}`, "IntegrationUri")).toEqual(arnOf(`${name}LambdaFunction`));
});

test("inputs reads state, and writes there only what it served and which catalog that was by", () => {
  const table = statementsOf("InputsRole").filter(({ Action }) =>
    [Action].flat().some((action) => /^(dynamodb|sqs|events|ecr|sts):/.test(action)),
  );
  expect(table).toEqual([
    expect.objectContaining({ Action: ["dynamodb:GetItem"] }),
    expect.objectContaining({
      Action: ["dynamodb:PutItem"],
      Condition: {
        "ForAllValues:StringLike": {
          "dynamodb:LeadingKeys": ["inputs/*", "catalog", "manifests/*"].map(
            (key) => keys.document(key).pk.S,
          ),
        },
      },
    }),
  ]);
});

test("intake counts events in the table, and reads and writes nothing else there", () => {
  const [count, ...more] = statementsOf("IntakeRole").filter(({ Action }) =>
    [Action].flat().some((action) => action.startsWith("dynamodb:")),
  );
  expect(more).toEqual([]);
  expect(count).toMatchObject({
    Action: ["dynamodb:GetItem", "dynamodb:PutItem"],
    Condition: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": [keys.document("events/*").pk.S] } },
  });
});

describe("functions", () => {
  test("run on arm64 and Node 24, and their logs have an end", () => {
    const functions = ofType("AWS::Lambda::Function");
    expect(functions).toHaveLength(5);
    for (const [, { Properties }] of functions) {
      expect(Properties).toMatchObject({ Architectures: ["arm64"], Runtime: "nodejs24.x" });
    }
    const groups = ofType("AWS::Logs::LogGroup");
    expect(groups).toHaveLength(6);
    for (const [, { Properties }] of groups) expect(Properties.RetentionInDays).toBe(30);
  });

  test("get exactly the environment that they read", () => {
    const variables = property("EvaluateLambdaFunction", "Environment.Variables") as Record<string, unknown>;
    const text = Object.fromEntries(Object.keys(variables).map((name) => [name, name]));
    expect(readSettings(text)).toEqual({
      table: "SLUICE_TABLE",
      evaluate: { queueUrl: "SLUICE_EVALUATE_QUEUE_URL", deadLetterUrl: "SLUICE_EVALUATE_DEAD_LETTER_URL" },
      deliver: { queueUrl: "SLUICE_DELIVER_QUEUE_URL", deadLetterUrl: "SLUICE_DELIVER_DEAD_LETTER_URL" },
      eventBus: "SLUICE_EVENT_BUS",
    });
  });

  test("are called what the command looks for", () => {
    const names = namesOf("test");
    expect(property("Table", "TableName")).toBe(names.table);
    expect(property("EvaluateQueue", "QueueName")).toBe(names.evaluate);
    expect(property("EvaluateDeadLetters", "QueueName")).toBe(names.evaluateDeadLetters);
    expect(property("DeliverQueue", "QueueName")).toBe(names.deliver);
    expect(property("DeliverDeadLetters", "QueueName")).toBe(names.deliverDeadLetters);
  });
});

test("parameters may be set to nothing, and hand over what sluice.yaml has tokens made for", () => {
  const { EventBus, EvaluateAudiences, DeliverAudiences } = template.Parameters;
  const values = [EventBus, EvaluateAudiences, DeliverAudiences].map((parameter) => parameter?.Default);
  expect(values).toEqual(["", "api://AzureADTokenExchange", "flux-production"]);
});

test("the table is as the adapter needs it, kept when the stack goes, encrypted and restorable", () => {
  const { Properties, ...table } = template.Resources.Table ?? { Properties: {} };
  expect(table).toMatchObject({ DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
  expect(Properties).toMatchObject(TABLE_DEFINITION);
  expect(Properties).toMatchObject({
    TimeToLiveSpecification: { AttributeName: TTL_ATTRIBUTE, Enabled: true },
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    SSESpecification: { SSEEnabled: true },
    DeletionProtectionEnabled: true,
  });
});

test("somebody is told of dead letters, waiting work, errors, throttles and silence", () => {
  const watched = ofType("AWS::CloudWatch::Alarm").map(([, { Properties }]) => {
    const [dimension] = Properties.Dimensions as readonly { readonly Value: unknown }[];
    expect(Properties.AlarmActions).toEqual({
      "Fn::If": ["HasAlarmTopic", [{ Ref: "AlarmTopic" }], { Ref: "AWS::NoValue" }],
    });
    const value = Object(dimension?.Value) as { "Fn::GetAtt"?: readonly string[]; Ref?: string };
    return `${Properties.MetricName} ${value["Fn::GetAtt"]?.[0] ?? value.Ref ?? dimension?.Value}`;
  });
  expect(watched.sort()).toEqual(
    [
      ...["EvaluateDeadLetters", "DeliverDeadLetters", "UndeliveredEvents"].map(
        (queue) => `ApproximateNumberOfMessagesVisible ${queue}`,
      ),
      ...["EvaluateQueue", "DeliverQueue"].map((queue) => `ApproximateAgeOfOldestMessage ${queue}`),
      ...["Intake", "Evaluate", "Deliver", "Sweep", "Inputs"].flatMap((name) => [
        `Errors ${name}LambdaFunction`,
        `Throttles ${name}LambdaFunction`,
      ]),
      "FailedInvocations PushRule",
      "Decisions EvaluateLambdaFunction",
    ].sort(),
  );
});
