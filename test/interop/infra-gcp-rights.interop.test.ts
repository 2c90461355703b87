import { beforeAll, describe, expect, test } from "vitest";
import { argument, readTerraform, type TerraformModule } from "./gcp/terraform.ts";

/** As HCL writes an expression. */
const ref = (expression: string): string => `\${${expression}}`;

let module: TerraformModule;
beforeAll(async () => {
  module = await readTerraform();
});

const resource = (address: string, path: string): unknown => argument(module.resources.get(address), path);
const ofType = (type: string) =>
  [...module.resources].filter(([address]) => address.startsWith(`${type}.`)).map(([, block]) => block);

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
    const members = [...module.resources].flatMap(([address, block]) =>
      address.includes("_iam_member.") ? [[address, argument(block, "member")] as const] : [],
    );
    const function_ = (key: string): string => ref(`google_service_account.function[${key}].member`);
    const helper = (key: string): string => ref(`google_service_account.helper["${key}"].member`);
    expect(Object.fromEntries(members)).toEqual({
      "google_project_iam_member.build": helper("build"),
      "google_project_iam_member.state": function_("each.value"),
      "google_project_iam_member.limits": function_('"intake"'),
      "google_storage_bucket_iam_member.build_reads_source": helper("build"),
      "google_storage_bucket_iam_member.catalog": function_("each.value"),
      "google_pubsub_topic_iam_member.publish": function_("each.value.function"),
      "google_pubsub_topic_iam_member.delays_publish": helper("delays"),
      "google_pubsub_topic_iam_member.agent_publishes_dead": ref("local.pubsub_agent"),
      "google_pubsub_subscription_iam_member.sweep_reads_dead": function_('"sweep"'),
      "google_pubsub_subscription_iam_member.agent_acknowledges": ref("local.pubsub_agent"),
      "google_cloud_tasks_queue_iam_member.enqueue": function_("each.value"),
      "google_service_account_iam_member.use_delays": function_("each.value"),
      "google_service_account_iam_member.agent_signs_as_push": ref("local.pubsub_agent"),
      "google_artifact_registry_repository_iam_member.read": function_("each.value.function"),
      "google_secret_manager_secret_iam_member.read": function_("each.value.function"),
      "google_cloud_run_v2_service_iam_member.push_invokes": helper("push"),
      "google_cloud_run_v2_service_iam_member.timer_invokes": helper("timer"),
      "google_cloud_run_v2_service_iam_member.anybody_reaches_intake": "allUsers",
      "google_cloud_run_v2_service_iam_member.anybody_reaches_inputs": "allUsers",
    });
    expect(resource("google_project_iam_member.build", "for_each")).toBe(
      ref("toset(['roles/logging.logWriter', 'roles/artifactregistry.createOnPushWriter'])"),
    );
    expect(resource("google_service_account_iam_member.use_delays", "service_account_id")).toBe(
      ref('google_service_account.helper["delays"].name'),
    );
    expect(resource("google_service_account_iam_member.agent_signs_as_push", "service_account_id")).toBe(
      ref('google_service_account.helper["push"].name'),
    );
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
    expect(String(readable)).toMatch(/evaluate-[^}]+\}-[^}]+\}-[^}]+\}" => \{'function': 'evaluate', 'at'/);
    expect(String(readable)).toContain("setproduct(local.keepers,var.policy_repositories)");
    expect(resource("google_service_account.function", "for_each")).toBe(ref("local.functions"));
  });
});
