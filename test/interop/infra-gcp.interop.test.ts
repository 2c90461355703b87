import { spawnSync } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import { toNames } from "../../functions/gcp/names.ts";
import { argument, MODULE, readTerraform, type TerraformModule } from "./gcp/terraform.ts";
import { peerPython } from "./install/cache.ts";
import { runToEnd } from "./world/command.ts";

const TIMEOUT_MS = 300_000;
const hasTerraform = spawnSync("terraform", ["version"], { stdio: "ignore" }).status === 0;

/** As HCL writes an expression. */
const ref = (expression: string): string => `\${${expression}}`;

let module: TerraformModule;
beforeAll(async () => {
  module = await readTerraform();
});

const resource = (address: string, path: string): unknown => argument(module.resources.get(address), path);
const ofType = (type: string) =>
  [...module.resources].filter(([address]) => address.startsWith(`${type}.`)).map(([, block]) => block);

describe("the Terraform module", () => {
  test(
    "passes checkov, with the exceptions that stand beside what they are for",
    async () => {
      const args = ["-m", "checkov.main", "-d", ".", "--framework", "terraform", "--skip-download"];
      const { stdout } = await runToEnd(peerPython("infra-linters"), [...args, "--output", "json"], {
        cwd: MODULE,
        timeoutMs: TIMEOUT_MS,
      });
      const { summary } = JSON.parse(stdout) as { readonly summary: Record<string, number> };
      expect(summary).toMatchObject({ failed: 0, parsing_errors: 0 });
      expect(summary.passed).toBeGreaterThan(40);
    },
    TIMEOUT_MS,
  );

  test.skipIf(!hasTerraform)("is formatted as `terraform fmt` formats", async () => {
    const { code, stdout } = await runToEnd("terraform", ["fmt", "-check", "-recursive"], { cwd: MODULE });
    expect(stdout).toBe("");
    expect(code).toBe(0);
  });

  test("refers to nothing that it does not declare, and declares nothing in vain", () => {
    const { text, variables, locals, resources } = module;
    const used = (kind: string) =>
      new Set([...text.matchAll(new RegExp(`\\b${kind}\\.([a-z_]+)`, "g"))].map(([, name = ""]) => name));
    expect([...used("var")].sort()).toEqual([...variables.keys()].sort());
    const declared = Object.keys(locals).filter((name) => !name.startsWith("__"));
    expect([...used("local")].filter((name) => !declared.includes(name))).toEqual([]);
    expect(declared.filter((name) => !used("local").has(name))).toEqual([]);
    const referred = [...text.matchAll(/\b(google_[a-z0-9_]+\.[a-z_]+)\b/g)].map(
      ([, address = ""]) => address,
    );
    expect([...new Set(referred)].filter((address) => !resources.has(address))).toEqual([
      // Data, not a resource.
      "google_project.this",
    ]);
  });

  test("every variable and output says what it is for", () => {
    for (const block of [...module.variables.values(), ...module.outputs.values()])
      expect(argument(block, "description")).toEqual(expect.stringMatching(/\S/));
  });

  test("calls everything as the functions do", () => {
    const names = toNames({ project: "P", location: "L", stage: "S" });
    const written = (value: unknown): string =>
      String(value).replaceAll(ref("local.prefix"), "sluice-S").replaceAll(ref("var.stage"), "S");
    const { topics } = module.locals as { readonly topics: readonly [Readonly<Record<string, string>>] };
    expect(written(topics[0].evaluate)).toBe(names.evaluateTopic);
    expect(written(topics[0].deliver)).toBe(names.deliverTopic);
    expect(written(topics[0].decisions)).toBe(names.decisionsTopic);
    expect(written(topics[0].dead)).toBe(names.deadSubscription);
    expect(resource("google_pubsub_subscription.dead", "name")).toBe(ref("local.topics.dead"));
    expect(names.delayQueue).toBe(
      `projects/P/locations/L/queues/${written(resource("google_cloud_tasks_queue.delays", "name"))}`,
    );
    expect(names.delayAccount).toBe(
      `${written(resource("google_service_account.delays", "account_id"))}@P.iam.gserviceaccount.com`,
    );
    expect(written(argument(module.locals, "prefix"))).toBe("sluice-S");
    expect(resource("google_firestore_database.state", "name")).toBe(ref("local.prefix"));
    expect(names.database).toBe("sluice-S");
    expect(written(resource("google_firestore_database.limits", "name"))).toBe(names.limitsDatabase);
  });
});

describe("who may do what", () => {
  test("nobody but intake, and inputs where it is on, is called by everybody", () => {
    const invokers = ofType("google_cloud_run_v2_service_iam_member");
    const open = invokers.filter((block) => /allUsers|allAuthenticatedUsers/.test(JSON.stringify(block)));
    expect(open.map((block) => [argument(block, "name"), argument(block, "count")])).toEqual([
      [ref('google_cloudfunctions2_function.this["intake"].name'), ref("var.intake_enabled ? 1 : 0")],
      [ref('google_cloudfunctions2_function.this["inputs"].name'), ref("var.inputs_enabled ? 1 : 0")],
    ]);
    expect(argument(module.variables.get("inputs_enabled"), "default")).toBe(false);
    expect(invokers.map((block) => argument(block, "role"))).toEqual(
      Array.from({ length: 4 }, () => "roles/run.invoker"),
    );
    expect(module.text.match(/allAuthenticatedUsers/)).toBeNull();
    expect(resource("google_cloudfunctions2_function.this", "service_config.ingress_settings")).toBe(
      ref(`contains(['intake', 'inputs'],each.value) ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"`),
    );
  });

  test("each role is one of these, on what it is for", () => {
    const roles = [...module.resources].flatMap(([address, block]) =>
      address.includes("_iam_member.") ? [[address, argument(block, "role")] as const] : [],
    );
    expect(Object.fromEntries(roles)).toEqual({
      "google_project_iam_member.build": ref("each.value"),
      "google_project_iam_member.state": "roles/datastore.user",
      "google_project_iam_member.limits": "roles/datastore.user",
      "google_storage_bucket_iam_member.build_reads_source": "roles/storage.objectViewer",
      "google_storage_bucket_iam_member.catalog": "roles/storage.objectViewer",
      "google_pubsub_topic_iam_member.publish": "roles/pubsub.publisher",
      "google_pubsub_topic_iam_member.delays_publish": "roles/pubsub.publisher",
      "google_pubsub_topic_iam_member.agent_publishes_dead": "roles/pubsub.publisher",
      "google_pubsub_subscription_iam_member.sweep_reads_dead": "roles/pubsub.subscriber",
      "google_pubsub_subscription_iam_member.agent_acknowledges": "roles/pubsub.subscriber",
      "google_cloud_tasks_queue_iam_member.enqueue": "roles/cloudtasks.enqueuer",
      "google_service_account_iam_member.use_delays": "roles/iam.serviceAccountUser",
      "google_service_account_iam_member.agent_signs_as_push": "roles/iam.serviceAccountTokenCreator",
      "google_artifact_registry_repository_iam_member.read": "roles/artifactregistry.reader",
      "google_secret_manager_secret_iam_member.read": "roles/secretmanager.secretAccessor",
      "google_cloud_run_v2_service_iam_member.push_invokes": "roles/run.invoker",
      "google_cloud_run_v2_service_iam_member.timer_invokes": "roles/run.invoker",
      "google_cloud_run_v2_service_iam_member.anybody_reaches_intake": "roles/run.invoker",
      "google_cloud_run_v2_service_iam_member.anybody_reaches_inputs": "roles/run.invoker",
    });
    expect(resource("google_project_iam_member.state", "condition.expression")).toContain(
      `databases/${ref("google_firestore_database.state.name")}`,
    );
    expect(module.text).not.toMatch(/roles\/(?:owner|editor|viewer)\b|google_service_account_key/);
  });

  test("intake reads no state: it counts events in a database of its own", () => {
    expect(resource("google_project_iam_member.state", "for_each")).toBe(ref("toset(local.keepers)"));
    expect(resource("google_project_iam_member.limits", "member")).toBe(
      ref('google_service_account.function["intake"].member'),
    );
    expect(resource("google_project_iam_member.limits", "condition.expression")).toContain(
      `databases/${ref("google_firestore_database.limits[0].name")}`,
    );
  });

  test("each function reads the secrets that are named for it", () => {
    expect(String(module.locals.function_secrets)).toMatch(/for name\s*, secrets in var\.secrets :/);
    expect(resource("google_secret_manager_secret_iam_member.read", "for_each")).toBe(
      ref("local.function_secrets"),
    );
    const type = String(argument(module.variables.get("secrets"), "type"));
    expect([...type.matchAll(/(\w+)'?:? *'?\$?\{?optional/g)].map(([, name]) => name)).toEqual([
      "intake",
      "evaluate",
      "deliver",
      "sweep",
      "inputs",
    ]);
  });

  test("intake sends only what is to be evaluated; who delivers reads no registry", () => {
    const { publishers, readable } = module.locals;
    const senders = JSON.stringify(publishers);
    expect(senders).not.toMatch(/inputs/);
    expect(module.locals.delayers).toEqual([ref("toset(['evaluate', 'deliver', 'sweep'])")]);
    expect(JSON.stringify(module.locals.keepers)).not.toMatch(/intake/);
    expect(senders).not.toMatch(/function\W+intake\W+.{0,12}topic\W+(?:deliver|decisions)/);
    // Only who reads the policy from a registry, and there only the policy's own repositories.
    expect(String(readable)).toContain('for at in var.registry_repositories : "evaluate-');
    expect(String(readable)).toContain("setproduct(local.keepers,var.policy_repositories)");
    expect(resource("google_service_account.function", "for_each")).toBe(ref("local.functions"));
  });
});

describe("what must not be lost", () => {
  test("each push is retried by what is written here, and ends in the dead letters", () => {
    const push = "google_pubsub_subscription.push";
    expect(resource(push, "retry_policy.minimum_backoff")).toBe("10s");
    expect(resource(push, "retry_policy.maximum_backoff")).toBe("600s");
    expect(resource(push, "dead_letter_policy.dead_letter_topic")).toBe(
      ref('google_pubsub_topic.this["dead"].id'),
    );
    expect(resource(push, "dead_letter_policy.max_delivery_attempts")).toBe(20);
    expect(resource(push, "expiration_policy.ttl")).toBe("");
    expect(resource(push, "push_config.oidc_token.service_account_email")).toBe(
      ref("google_service_account.push.email"),
    );
    // A message must not come again while the function it went to may still be at it.
    expect(resource(push, "ack_deadline_seconds")).toBe(ref("local.timeouts[each.value.function] + 60"));
  });

  test("dead letters have a subscription, and Pub/Sub the right to move them", () => {
    const dead = "google_pubsub_subscription.dead";
    expect(resource(dead, "topic")).toBe(ref('google_pubsub_topic.this["dead"].id'));
    expect(resource(dead, "message_retention_duration")).toBe("2678400s");
    expect(resource("google_pubsub_topic_iam_member.agent_publishes_dead", "member")).toBe(
      ref("local.pubsub_agent"),
    );
    expect(resource("google_pubsub_subscription_iam_member.agent_acknowledges", "for_each")).toBe(
      ref("google_pubsub_subscription.push"),
    );
  });

  test("delayed work is retried for a week", () => {
    const queue = "google_cloud_tasks_queue.delays";
    expect(resource(queue, "retry_config.max_attempts")).toBe(ref("-1"));
    expect(resource(queue, "retry_config.max_retry_duration")).toBe("604800s");
  });

  test("the database is kept, and what expires there leaves by itself", () => {
    const database = "google_firestore_database.state";
    expect(resource(database, "point_in_time_recovery_enablement")).toBe("POINT_IN_TIME_RECOVERY_ENABLED");
    expect(argument(module.variables.get("deletion_protection"), "default")).toBe(true);
    expect(module.resources.get("google_firestore_field.expiry")).toHaveProperty("ttl_config");
  });

  test("somebody hears of dead letters, backlogs and failures", () => {
    const alerts = ofType("google_monitoring_alert_policy");
    expect(alerts.length).toBeGreaterThanOrEqual(4);
    for (const alert of alerts)
      expect(argument(alert, "notification_channels")).toBe(ref("var.notification_channels"));
    expect(JSON.stringify(module.locals.log_alerts)).toContain("work-parked");
  });
});
