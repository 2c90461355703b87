import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
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
      `${written(resource("google_service_account.helper", "account_id")).replace(ref("each.key"), "delays")}@P.iam.gserviceaccount.com`,
    );
    expect(written(argument(module.locals, "prefix"))).toBe("sluice-S");
    expect(resource("google_firestore_database.state", "name")).toBe(ref("local.prefix"));
    expect(names.database).toBe("sluice-S");
    expect(written(resource("google_firestore_database.limits", "name"))).toBe(names.limitsDatabase);
  });
});

describe("how functions run", () => {
  const run = "google_cloudfunctions2_function.this";

  test("each as its own account, built by another, on the Node that it is tested with", () => {
    expect(resource(run, "service_config.service_account_email")).toBe(
      ref("google_service_account.function[each.value].email"),
    );
    expect(resource(run, "build_config.service_account")).toBe(
      ref('google_service_account.helper["build"].id'),
    );
    expect(resource(run, "build_config.runtime")).toBe("nodejs24");
  });

  test("longer than its own code gives a piece of work", () => {
    expect(resource(run, "service_config.timeout_seconds")).toBe(ref("local.timeouts[each.value]"));
    const { timeouts } = module.locals as { readonly timeouts: readonly [Readonly<Record<string, number>>] };
    for (const name of ["evaluate", "deliver"]) {
      const source = readFileSync(join(MODULE, "../../functions/gcp", `${name}.ts`), "utf8");
      const [, ms = ""] = /const TIMEOUT_MS = ([\d_]+);/.exec(source) ?? [];
      expect(timeouts[0][name]).toBe(Number(ms.replaceAll("_", "")) / 1_000 + 10);
    }
  });

  test("timers call as the account that may, with a token for sweep", () => {
    const timer = "google_cloud_scheduler_job.sweep";
    expect(resource(timer, "http_target.oidc_token.service_account_email")).toBe(
      ref('google_service_account.helper["timer"].email'),
    );
    expect(resource(timer, "http_target.oidc_token.audience")).toBe(
      ref('google_cloudfunctions2_function.this["sweep"].service_config[0].uri'),
    );
    expect(resource(timer, "retry_config.retry_count")).toBe(2);
    expect(argument(module.locals, "timers")).toMatchObject({ due: "* * * * *", prune: "17 3 * * *" });
  });

  test("from sources that nobody else reads", () => {
    const bucket = "google_storage_bucket.source";
    expect(resource(bucket, "public_access_prevention")).toBe("enforced");
    expect(resource(bucket, "uniform_bucket_level_access")).toBe(true);
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
      ref('google_service_account.helper["push"].email'),
    );
    const url = "google_cloudfunctions2_function.this[each.value.function].service_config[0].uri";
    expect(resource(push, "push_config.oidc_token.audience")).toBe(ref(url));
    expect(resource(push, "message_retention_duration")).toBe("604800s");
    // A message must not come again while the function it went to may still be at it.
    expect(resource(push, "ack_deadline_seconds")).toBe(ref("local.timeouts[each.value.function] + 60"));
  });

  test("dead letters have a subscription, and Pub/Sub the right to move them", () => {
    const dead = "google_pubsub_subscription.dead";
    expect(resource(dead, "topic")).toBe(ref('google_pubsub_topic.this["dead"].id'));
    expect(resource(dead, "message_retention_duration")).toBe("2678400s");
    expect(resource(dead, "expiration_policy.ttl")).toBe("");
    expect(resource("google_pubsub_topic_iam_member.agent_publishes_dead", "topic")).toBe(
      ref('google_pubsub_topic.this["dead"].name'),
    );
    expect(resource("google_pubsub_subscription_iam_member.agent_acknowledges", "for_each")).toBe(
      ref("google_pubsub_subscription.push"),
    );
  });

  test("delayed work is retried for a week", () => {
    const queue = "google_cloud_tasks_queue.delays";
    expect(resource(queue, "retry_config.max_attempts")).toBe(ref("-1"));
    expect(resource(queue, "retry_config.max_retry_duration")).toBe("604800s");
    expect(resource(queue, "retry_config.max_backoff")).toBe("300s");
  });

  test("the database is kept, and what expires there leaves by itself", () => {
    const database = "google_firestore_database.state";
    expect(resource(database, "point_in_time_recovery_enablement")).toBe("POINT_IN_TIME_RECOVERY_ENABLED");
    expect(argument(module.variables.get("deletion_protection"), "default")).toBe(true);
    expect(resource(database, "delete_protection_state")).toContain("var.deletion_protection ?");
    expect(module.resources.get("google_firestore_field.expiry")).toHaveProperty("ttl_config");
    expect(resource("google_firestore_field.expiry", "for_each")).toBe(ref("toset(['claims', 'done'])"));
    expect(resource("google_firestore_field.expiry", "field")).toBe("expireAt");
  });

  test("somebody hears of dead letters, backlogs and failures", () => {
    const alert = "google_monitoring_alert_policy.this";
    expect(resource(alert, "for_each")).toBe(ref("local.alerts"));
    expect(resource(alert, "notification_channels")).toBe(ref("var.notification_channels"));
    expect(resource(alert, "conditions.condition_threshold.comparison")).toBe("COMPARISON_GT");
    const alerts = String(module.locals.alerts);
    expect(alerts).toMatch(/for event\s*, title in local\.log_alerts/);
    for (const name of ["dead-messages", "backlog", "failures"]) expect(alerts).toContain(name);
    expect(alerts).toContain(`subscription_id=\\\\"${ref("local.topics.dead")}`);
    expect(alerts).toMatch(/oldest_unacked_message_age.*'threshold': 600/);
    expect(alerts).toMatch(/response_code_class=\W+5xx\W+threshold': 5/);
    expect(resource("google_logging_metric.lines", "filter")).toContain(
      `jsonPayload.event=\\"${ref("each.key")}`,
    );
    expect(Object.keys(argument(module.locals, "log_alerts") as object).sort()).toEqual(
      expect.arrayContaining(["catalog-kept", "delivery-parked", "work-parked"]),
    );
  });
});
