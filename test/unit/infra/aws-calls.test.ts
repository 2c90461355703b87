import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import calls from "../../../infra/aws/calls.json" with { type: "json" };

const ROLES_FILE = join(import.meta.dirname, "../../../infra/aws/roles.yml");

/** What a role needs beside the calls that its function makes itself: Lambda's own, and ECR's for its registry protocol. */
const IMPLIED: readonly string[] = [
  "logs:CreateLogStream",
  "logs:PutLogEvents",
  "sqs:ReceiveMessage",
  "sqs:DeleteMessage",
  "sqs:GetQueueAttributes",
  "ecr:BatchGetImage",
  "ecr:GetDownloadUrlForLayer",
  "ecr:BatchCheckLayerAvailability",
  "ecr:ListImages",
  "sts:GetServiceBearerToken",
];

/** What the end-to-end run does not play: clusters' confirmations, for which evaluate looks through the log. */
const NOT_PLAYED: Readonly<Record<string, readonly string[]>> = { evaluate: ["dynamodb:BatchGetItem"] };

/** Every `Action` below a node, inside conditions too. */
const actionsIn = (node: unknown): readonly string[] => {
  if (Array.isArray(node)) return node.flatMap(actionsIn);
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) =>
    key === "Action" ? [value as string | readonly string[]].flat() : actionsIn(value),
  );
};

const { Resources } = parse(readFileSync(ROLES_FILE, "utf8"), { logLevel: "silent" }) as {
  readonly Resources: Readonly<Record<string, { readonly Properties: { readonly Policies: unknown } }>>;
};

test.each(Object.entries(calls))(
  "%s may do what it was seen to do end to end, and nothing else",
  (name, made) => {
    const role = Resources[`${name.charAt(0).toUpperCase()}${name.slice(1)}Role`];
    const allowed = new Set(
      actionsIn(role?.Properties.Policies).filter((action) => !IMPLIED.includes(action)),
    );
    expect([...allowed].sort()).toEqual(
      [...new Set([...made.map((call) => call.split(" ")[0] ?? ""), ...(NOT_PLAYED[name] ?? [])])].sort(),
    );
  },
);
