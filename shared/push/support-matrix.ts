import type { Authenticity } from "./authentication.ts";
import type { SourceName } from "./source.ts";
import { SOURCES } from "./sources.ts";

interface Facts {
  readonly sender: string;
  /** What the sender shows, in the words of whoever sets it up. */
  readonly proof: string;
  /** What an event can say about an artifact. Without `host`, sluice.yaml must name it. */
  readonly says: readonly ("host" | "tag" | "digest" | "media type" | "subject")[];
  /** What else arrives when a signature is pushed. */
  readonly signatures: string;
  /** Where our knowledge of its payloads is from; the fixtures say the same. */
  readonly payloads: "captured" | "documented" | "inferred";
}

export interface SupportRow extends Facts {
  readonly name: SourceName;
  readonly authenticity: Authenticity;
}

const ALL_BUT_SUBJECT = ["host", "tag", "digest", "media type"] as const;

const FACTS: Readonly<Record<SourceName, Facts>> = {
  ecr: {
    sender: "Amazon ECR by EventBridge",
    proof: "the event bus and its permissions; over HTTP a header of the API destination",
    says: ALL_BUT_SUBJECT,
    signatures: "tags and referrers",
    payloads: "documented",
  },
  "acr-eventgrid": {
    sender: "Azure Container Registry by Event Grid",
    proof: "Entra token of Event Grid, the Functions trigger, or a secret in a header or `?secret=`",
    says: ALL_BUT_SUBJECT,
    signatures: "tags and referrers",
    payloads: "documented",
  },
  "acr-webhook": {
    sender: "Azure Container Registry's own webhook",
    proof: "secret in a custom header",
    says: ALL_BUT_SUBJECT,
    signatures: "tags and referrers",
    payloads: "documented",
  },
  gar: {
    sender: "Google Artifact Registry and GCR by Pub/Sub",
    proof: "Google's OIDC token with the push subscription's audience and service account, or Pub/Sub itself",
    says: ["host", "tag", "digest"],
    signatures: "tags and referrers",
    payloads: "documented",
  },
  ghcr: {
    sender: "GitHub Container Registry (`package`, `registry_package`)",
    proof: "HMAC-SHA256 in X-Hub-Signature-256",
    says: ALL_BUT_SUBJECT,
    signatures: "tags",
    payloads: "documented",
  },
  dockerhub: {
    sender: "Docker Hub",
    proof: "none; the address ends in a secret, events are hints",
    says: ["host", "tag", "media type"],
    signatures: "tags",
    payloads: "documented",
  },
  quay: {
    sender: "Quay and quay.io",
    proof: "none; the address ends in a secret, events are hints",
    says: ["host", "tag"],
    signatures: "tags; nothing for referrers, found by retries",
    payloads: "documented",
  },
  harbor: {
    sender: "Harbor (default and CloudEvents format)",
    proof: "secret in Authorization",
    says: ["host", "tag", "digest"],
    signatures: "tags and referrers",
    payloads: "documented",
  },
  zot: {
    sender: "zot",
    proof: "secret in a header, Basic or Bearer",
    says: ["tag", "digest", "media type", "subject"],
    signatures: "tags and referrers, with their subject",
    payloads: "captured",
  },
  distribution: {
    sender: "CNCF Distribution 2.x and 3.x",
    proof: "secret in a header",
    says: ALL_BUT_SUBJECT,
    signatures: "tags and referrers",
    payloads: "captured",
  },
  gitlab: {
    sender: "GitLab's registry, self-managed",
    proof: "secret in a header",
    says: ALL_BUT_SUBJECT,
    signatures: "tags and referrers",
    payloads: "inferred",
  },
  jfrog: {
    sender: "JFrog Artifactory",
    proof: "X-JFrog-Event-Auth: HMAC-SHA256, or the secret itself",
    says: ["host", "tag", "digest"],
    signatures: "tags",
    payloads: "documented",
  },
  nexus: {
    sender: "Sonatype Nexus 3",
    proof: "HMAC-SHA1 in X-Nexus-Webhook-Signature",
    says: ["tag", "digest"],
    signatures: "tags",
    payloads: "inferred",
  },
  cloudevents: {
    sender: "any CloudEvents sender; CDEvents artifact.published and artifact.signed",
    proof: "HMAC-SHA256 in X-Signature, or a secret in a header",
    says: ["host", "tag", "digest", "media type", "subject"],
    signatures: "artifact.signed, with its subject",
    payloads: "documented",
  },
  sluice: {
    sender: "Sluice's own event, for CI jobs",
    proof: "HMAC-SHA256 in X-Signature",
    says: ["host", "tag", "digest", "media type", "subject"],
    signatures: "`signed`, with its subject",
    payloads: "documented",
  },
};

/** What each source can tell us and prove, in one order for the command and the README. */
export const supportMatrix = (): readonly SupportRow[] =>
  Object.values(SOURCES).map(({ name, authenticity }) => ({ name, authenticity, ...FACTS[name] }));

const COLUMNS: readonly (readonly [title: string, cell: (row: SupportRow) => string])[] = [
  ["Source", ({ name }) => `\`${name}\``],
  ["Sender", ({ sender }) => sender],
  ["Proof", ({ proof }) => proof],
  ["Events say", ({ says }) => says.join(", ")],
  ["Signature pushes seen", ({ signatures }) => signatures],
  ["Payloads", ({ payloads }) => payloads],
];

const toLine = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

/** The matrix as a Markdown table. */
export const toMarkdownMatrix = (rows: readonly SupportRow[]): string =>
  [
    toLine(COLUMNS.map(([title]) => title)),
    toLine(COLUMNS.map(() => "---")),
    ...rows.map((row) => toLine(COLUMNS.map(([, cell]) => cell(row)))),
  ].join("\n");
