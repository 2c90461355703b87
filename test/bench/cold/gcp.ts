import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { FUNCTIONS, packageFunctions } from "../../../infra/gcp/package.ts";
import { encodeWork } from "../../../shared/work-message.ts";
import { type ServiceRequest, startServiceDouble } from "../../support/service-double.ts";
import { EVENT_PATH, EVENT_TYPE, toEnvelope } from "../event.ts";
import { runProcess } from "../processes.ts";
import { bundleBytes } from "./bundle-bytes.ts";
import { type ColdCase, type ColdCloud, type ColdProcess, withSourceMaps } from "./cold-case.ts";
import { writeDeployment } from "./deployment.ts";
import { bundleStandIn } from "./stand-in.ts";

type Name = (typeof FUNCTIONS)[number];

/** Inside the checkout, where bundles find the framework that Google's build would install. */
const DIST = fileURLToPath(new URL("../../../dist", import.meta.url));
const SECRET = "cold-start";
const DIGEST = `sha256:${"a".repeat(64)}`;
const TOPICS = "/projects/p/topics";

const toPush = (data: string): string =>
  JSON.stringify({
    subscription: "projects/p/subscriptions/s",
    message: {
      data: Buffer.from(data).toString("base64"),
      messageId: "1",
      publishTime: "2026-10-09T08:00:01.234Z",
    },
  });

const JSON_TYPE = { "content-type": "application/json" };
const CHANGE = JSON.stringify({
  action: "INSERT",
  digest: `europe-west1-docker.pkg.dev/p/r/nobody-follows@${DIGEST}`,
  tag: "europe-west1-docker.pkg.dev/p/r/nobody-follows:1.0.0",
});

/** The first request that each function gets: one that asks little of us, so that the start is what shows. */
const REQUESTS: Readonly<Record<Name, unknown>> = {
  intake: {
    path: EVENT_PATH,
    headers: { "content-type": EVENT_TYPE, authorization: SECRET },
    body: toEnvelope({
      id: "cold",
      host: "registry.example",
      repository: "acme/app",
      tag: "1.0.0",
      digest: DIGEST,
    }),
  },
  evaluate: { path: `${TOPICS}/gcr`, headers: JSON_TYPE, body: toPush(CHANGE) },
  deliver: {
    path: `${TOPICS}/sluice-bench-deliver`,
    headers: JSON_TYPE,
    body: toPush(encodeWork({ id: "d", work: { kind: "deliver", receiver: "production/apps/sluice" } })),
  },
  sweep: { path: "/due", headers: JSON_TYPE, body: "{}" },
  inputs: {
    method: "GET",
    path: "/clusters/production/inputs",
    headers: { authorization: `Bearer ${SECRET}` },
    body: "",
  },
};

/** An empty database, and queues that take everything. */
const answerTo = ({ target, body }: ServiceRequest): unknown => {
  const {
    documents = [],
    writes = [],
    messages = [],
  } = JSON.parse(body || "{}") as Readonly<
    Record<"documents" | "writes" | "messages", readonly unknown[] | undefined>
  >;
  if (target.endsWith(":batchGet")) return documents.map((missing) => ({ missing }));
  if (target.endsWith(":commit"))
    return { writeResults: writes.map(() => ({ updateTime: "2026-10-09T08:00:01Z" })) };
  if (target.endsWith(":runQuery")) return [{ readTime: "2026-10-09T08:00:01Z" }];
  if (target.endsWith(":publish")) return { messageIds: messages.map((_one, index) => String(index)) };
  return {};
};

/** A handler that makes these calls, one after the other, and answers. */
const toBareHandler = (name: Name, url: string, calls: readonly ServiceRequest[]): string => {
  const isHttp = name === "intake" || name === "sweep" || name === "inputs";
  const sends = calls.map(({ method, target, body }) => {
    const init = { method, headers: JSON_TYPE, ...(body === "" ? {} : { body }) };
    return `  await (await fetch(${JSON.stringify(`${url}${target}`)}, ${JSON.stringify(init)})).json();`;
  });
  const register = isHttp ? "http" : "cloudEvent";
  // An event's handler with a second parameter would be one that calls back.
  const parameters = isHttp ? "request, response" : "";
  const answer = isHttp ? "  response.status(204).end();\n" : "";
  return `import { ${register} } from "@google-cloud/functions-framework";\n${register}("${name}", async (${parameters}) => {\n${sends.join("\n")}\n${answer}});\n`;
};

/** The functions of Google Cloud, bundled as they are deployed, served by the framework, with services on loopback. */
export const openGoogleCold = async (): Promise<ColdCloud> => {
  mkdirSync(DIST, { recursive: true });
  const folder = mkdtempSync(join(DIST, "cold-gcp-"));
  const deployment = join(folder, "deployment");
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  writeDeployment(deployment);
  await packageFunctions(deployment, join(folder, "bundles"));
  const google = await startServiceDouble((request) => ({ body: JSON.stringify(answerTo(request)) }));
  const env = {
    NODE_ENV: "production",
    GOOGLE_CLOUD_PROJECT: "p",
    SLUICE_LOCATION: "europe-west1",
    SLUICE_STAGE: "bench",
    SLUICE_BENCH_SECRET: SECRET,
    FIRESTORE_EMULATOR_HOST: google.host,
    PUBSUB_EMULATOR_HOST: google.host,
    CLOUD_TASKS_EMULATOR_HOST: google.host,
    GCE_METADATA_HOST: google.host,
  };

  const runtime = await bundleStandIn("cold-google", folder, ["@google-cloud/functions-framework/testing"]);

  const toCase = async (name: Name): Promise<ColdCase> => {
    const first = join(folder, `${name}.json`);
    writeFileSync(first, JSON.stringify(REQUESTS[name]));
    const toProcess = (file: string): ColdProcess => ({ args: [runtime, file, name, first], env });
    const bundle = join(folder, "bundles", name, "index.js");
    const ours = toProcess(bundle);
    const before = google.seen.length;
    await runProcess(ours);
    const calls = google.seen.slice(before);
    const write = (kind: string, these: readonly ServiceRequest[]): string => {
      const file = join(folder, `${kind}-${name}.js`);
      writeFileSync(file, toBareHandler(name, google.url, these));
      return file;
    };
    return {
      name: `Google Cloud ${name}`,
      ours,
      bare: toProcess(write("bare", calls)),
      empty: toProcess(write("empty", [])),
      bundleBytes: bundleBytes(dirname(bundle)),
      ...(name === "evaluate" ? { ways: [withSourceMaps(ours)] } : {}),
    };
  };

  const cases: ColdCase[] = [];
  for (const name of FUNCTIONS) cases.push(await toCase(name));
  return {
    cases,
    async close() {
      await google.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
