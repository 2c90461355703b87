import type { IncomingMessage } from "node:http";
import { AWS_PLACE } from "./aws.ts";

/** One thing that a function asked of AWS, in the words of a policy. */
export interface AwsCall {
  /** `dynamodb:PutItem` */
  readonly action: string;
  /** The ARN that a policy's `Resource` must cover; `*` where AWS knows none. */
  readonly resource: string;
  /** What a policy's `Condition` may look at: `sts:DurationSeconds`. */
  readonly context?: Readonly<Record<string, string>>;
}

export type Fields = Readonly<Record<string, unknown>>;

/** An operation of a service, as far as it matters here. */
export interface Asked {
  readonly service: string;
  readonly operation: string;
  readonly body: Fields;
}

const { account, region } = AWS_PLACE;

const arn = (service: string, rest: string, where = `${region}:${account}`): string =>
  `arn:aws:${service}:${where}:${rest}`;

/** Secrets Manager ends the ARN of a secret with six characters of its own. */
const SECRET_SUFFIX = "-a1B2c3";

const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null ? (value as Fields) : {};

const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : []);

const parseBody = (text: string): Fields => {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return Object.fromEntries(new URLSearchParams(text));
  }
};

/** The service by the signature's scope; operation and fields by whichever protocol it speaks. */
export const toAsked = ({ headers, method, url = "/" }: IncomingMessage, text: string): Asked => {
  const scope = /Credential=[^/]+\/[0-9]{8}\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? "");
  const service = scope?.[1] ?? "";
  if (service === "s3") {
    const operation = method === "GET" ? "GetObject" : String(method);
    return { service, operation, body: { path: url.split("?")[0] ?? "" } };
  }
  const body = parseBody(text);
  const target = String(headers["x-amz-target"] ?? body.Action ?? "");
  return { service, operation: target.split(".").at(-1) ?? "", body };
};

const tableArn = ({ TableName, IndexName }: Fields): string =>
  arn("dynamodb", `table/${TableName}${IndexName === undefined ? "" : `/index/${IndexName}`}`);

/**
 * What a policy's `dynamodb:LeadingKeys` may look at, for documents alone: their names up to the first slash, since the
 * rest differs from run to run.
 */
const keyContext = ({ Key, Item }: Fields): Pick<AwsCall, "context"> => {
  const key = String(fieldsOf(fieldsOf(Key ?? Item).pk).S ?? "");
  const [document] = /^doc#[^/]*\/?/.exec(key) ?? [];
  return document === undefined ? {} : { context: { "dynamodb:LeadingKeys": document } };
};

const dynamoCalls = (operation: string, body: Fields): readonly AwsCall[] => {
  const action = `dynamodb:${operation}`;
  switch (operation) {
    case "TransactWriteItems":
      // It needs the right to each of its writes.
      return listOf(body.TransactItems).flatMap((item) =>
        Object.entries(item).map(([kind, write]) => ({
          action: `dynamodb:${kind}Item`,
          resource: tableArn(fieldsOf(write)),
        })),
      );
    case "BatchGetItem":
      return Object.keys(fieldsOf(body.RequestItems)).map((TableName) => ({
        action,
        resource: tableArn({ TableName }),
      }));
    default:
      return [{ action, resource: tableArn(body), ...keyContext(body) }];
  }
};

const busArn = ({ EventBusName }: Fields): string => arn("events", `event-bus/${EventBusName ?? "default"}`);

const resourceOf = ({ service, operation, body }: Asked): string => {
  switch (`${service}:${operation}`) {
    case "s3:GetObject":
      return `arn:aws:s3:::${String(body.path).replace(/^\//, "")}`;
    case "secretsmanager:GetSecretValue":
      return arn("secretsmanager", `secret:${body.SecretId}${SECRET_SUFFIX}`);
    case "ssm:GetParameter":
      return arn("ssm", `parameter/${String(body.Name).replace(/^\//, "")}`);
    case "ecr:DescribeImages":
      return arn("ecr", `repository/${body.repositoryName}`, `${region}:${body.registryId ?? account}`);
    case "ecr-public:DescribeImageTags":
      return arn("ecr-public", `repository/${body.repositoryName}`, `:${account}`);
    default:
      return "*";
  }
};

/** What a request needs to be allowed. */
export const toCalls = (asked: Asked): readonly AwsCall[] => {
  const { service, operation, body } = asked;
  const action = `${service}:${operation}`;
  switch (service) {
    case "dynamodb":
      return dynamoCalls(operation, body);
    case "sqs": {
      const resource = arn("sqs", String(body.QueueUrl).split("/").at(-1) ?? "");
      // A batch needs the right to its one operation.
      return [{ action: action.replace(/Batch$/, ""), resource }];
    }
    case "events":
      return listOf(body.Entries).map((entry) => ({ action, resource: busArn(entry) }));
    case "sts": {
      const context = {
        "sts:DurationSeconds": String(body.DurationSeconds),
        "sts:IdentityTokenAudience": String(body["Audience.member.1"]),
      };
      return [{ action, resource: "*", context }];
    }
    default: {
      const call = { action, resource: resourceOf(asked) };
      // As AWS documents it: that token is one of STS's.
      const bearer = { action: "sts:GetServiceBearerToken", resource: "*" };
      return action === "ecr-public:GetAuthorizationToken" ? [call, bearer] : [call];
    }
  }
};

const REGISTRY_PATH = /^\/v2\/(.+)\/(manifests|referrers|blobs|tags)\//;

/** What ECR wants for a request of the registry's protocol. */
export const toRegistryCall = (method: string, path: string): AwsCall | undefined => {
  const [, repository, what] = REGISTRY_PATH.exec(path) ?? [];
  if (repository === undefined) return undefined;
  const resource = arn("ecr", `repository/${repository}`);
  switch (what) {
    case "manifests":
    case "referrers":
      return { action: "ecr:BatchGetImage", resource };
    case "tags":
      return { action: "ecr:ListImages", resource };
    default:
      return {
        action: method === "HEAD" ? "ecr:BatchCheckLayerAvailability" : "ecr:GetDownloadUrlForLayer",
        resource,
      };
  }
};

/** One line for each kind of call, in order. */
export const describeCalls = (calls: readonly AwsCall[]): readonly string[] => {
  const lines = calls.map(({ action, resource, context = {} }) =>
    [action, resource, ...Object.entries(context).map(([key, value]) => `${key}=${value}`)].join(" "),
  );
  return [...new Set(lines)].sort();
};
