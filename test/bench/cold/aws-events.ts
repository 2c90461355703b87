import type { FUNCTIONS } from "../../../infra/aws/bundle.ts";
import { encodeWork } from "../../../shared/work-message.ts";
import { EVENT_PATH, EVENT_TYPE, toEnvelope } from "../event.ts";

export const SECRET = "cold-start";
const DIGEST = `sha256:${"a".repeat(64)}`;

/** What Lambda is handed for one message. */
export const toSqsEvent = (body: string) => ({
  Records: [
    {
      messageId: "m-1",
      receiptHandle: "r-1",
      body,
      attributes: { ApproximateReceiveCount: "1", SentTimestamp: "1764500000000" },
      messageAttributes: {},
      eventSource: "aws:sqs",
      eventSourceARN: "arn:aws:sqs:eu-central-1:123456789012:q",
      awsRegion: "eu-central-1",
    },
  ],
});

const ECR_PUSH = {
  version: "0",
  id: "13cde686-328b-6117-af20-0e5566167482",
  "detail-type": "ECR Image Action",
  source: "aws.ecr",
  account: "123456789012",
  time: "2026-11-16T01:54:34Z",
  region: "eu-central-1",
  resources: [],
  detail: {
    result: "SUCCESS",
    "repository-name": "nobody/follows-this",
    "image-digest": DIGEST,
    "action-type": "PUSH",
    "image-tag": "1.0.0",
  },
};

const HTTP_EVENT = {
  version: "2.0",
  routeKey: "ANY /{path+}",
  rawPath: EVENT_PATH,
  rawQueryString: "",
  headers: { "content-type": EVENT_TYPE, authorization: SECRET },
  requestContext: { http: { method: "POST", path: EVENT_PATH } },
  body: toEnvelope({
    id: "cold",
    host: "registry.example",
    repository: "acme/app",
    tag: "1.0.0",
    digest: DIGEST,
  }),
  isBase64Encoded: false,
};

/** The first event that each function gets: one that asks little of us, so that the start is what shows. */
export const EVENTS: Readonly<Record<(typeof FUNCTIONS)[number], unknown>> = {
  intake: HTTP_EVENT,
  evaluate: toSqsEvent(JSON.stringify(ECR_PUSH)),
  deliver: toSqsEvent(encodeWork({ id: "d", work: { kind: "deliver", receiver: "production/apps/sluice" } })),
  sweep: { sweep: "due" },
  inputs: {
    ...HTTP_EVENT,
    routeKey: "GET /clusters/{cluster}/inputs",
    rawPath: "/clusters/production/inputs",
    requestContext: { http: { method: "GET", path: "/clusters/production/inputs" } },
    headers: { authorization: `Bearer ${SECRET}` },
    body: "",
  },
};
