import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readBicep, resourcesOf } from "../../support/bicep.ts";
import { some } from "../../support/some.ts";

const files = readBicep();
const textOf = (name: string): string => {
  const found = files.find(({ path }) => path.endsWith(`/${name}.bicep`));
  if (found === undefined) throw new Error(`no ${name}.bicep`);
  return found.text;
};
const resources = files.flatMap((file) =>
  resourcesOf(file).map((resource) => ({ ...resource, file: file.path.split("/").at(-1) ?? "" })),
);
const ofType = (type: string) =>
  some(
    resources.filter((resource) => resource.type === type),
    type,
  );

/** `name: value` of a body's own lines, wherever they stand in it. */
const settings = (body: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...body.matchAll(/^ *([\w.]+): ([^{[\s].*)$/gm)].map(([, name = "", value = ""]) => [name, value]),
  );

describe("what is reached from outside", () => {
  test("apps speak TLS 1.2 or newer alone, and have no other door", () => {
    const [site] = ofType("Microsoft.Web/sites");
    expect(settings(site?.body ?? "")).toMatchObject({
      httpsOnly: "true",
      minTlsVersion: "'1.2'",
      ftpsState: "'Disabled'",
      remoteDebuggingEnabled: "false",
    });
    expect(site?.body).toContain("runtime: { name: 'node', version: '24' }");
  });

  test("topics speak TLS 1.2 or newer alone", () => {
    for (const { body } of ofType("Microsoft.EventGrid/topics")) {
      expect(settings(body)).toMatchObject({ minimumTlsVersionAllowed: "'1.2'" });
    }
  });

  test("accounts give nothing to strangers or other tenants", () => {
    for (const { body } of ofType("Microsoft.Storage/storageAccounts")) {
      expect(settings(body)).toMatchObject({
        defaultToOAuthAuthentication: "true",
        allowCrossTenantReplication: "false",
      });
      const containers = body.match(/'containers' = \{/g) ?? [];
      expect(body.match(/properties: \{ publicAccess: 'None' \}/g)).toHaveLength(containers.length);
    }
    const [workspace] = ofType("Microsoft.OperationalInsights/workspaces");
    expect(settings(workspace?.body ?? "")).toMatchObject({ disableLocalAuth: "true" });
  });
});

test("an app reaches storage, its package and its traces as its own identity", () => {
  const [site] = ofType("Microsoft.Web/sites");
  expect(site?.body).toMatch(
    /authentication: \{\s+type: 'UserAssignedIdentity'\s+userAssignedIdentityResourceId: identity\.id/,
  );
  const clientId = "identity.properties.clientId";
  expect(settings(site?.body ?? "")).toMatchObject({
    AzureWebJobsStorage__accountName: "host.name",
    AzureWebJobsStorage__credential: "'managedidentity'",
    AzureWebJobsStorage__clientId: clientId,
    SLUICE_STORAGE__credential: "'managedidentity'",
    SLUICE_STORAGE__clientId: clientId,
    AZURE_CLIENT_ID: clientId,
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: `'ClientId=\${${clientId}};Authorization=AAD'`,
  });
});

describe("who is given what", () => {
  const toRight = ({ file, symbol, body }: (typeof resources)[number]): string => {
    const role = /roleDefinitions', ([\w.]+)\)/.exec(body)?.[1]?.replace("roles.", "");
    const { scope, principalId } = settings(body);
    return `${file} ${symbol}: ${principalId} ${role} at ${scope}`;
  };

  test("every assignment is one of these", () => {
    const rights = ofType("Microsoft.Authorization/roleAssignments").map(toRight).sort();
    expect(rights).toEqual([
      "app.bicep hosting: identity.properties.principalId blobDataOwner at host",
      "app.bicep measuring: identity.properties.principalId metricsPublisher at insights",
      "app.bicep readingSecrets: identity.properties.principalId keyVaultSecretsUser at vault",
      "app.bicep settingSecrets: operatorPrincipalId keyVaultSecretsOfficer at vault",
      "event-delivery.bicep sending: principalId queueMessageSender at account::queues::evaluate",
      "event-delivery.bicep settingAside: principalId blobDataContributor at account::blobs::undelivered",
      "registry-topic.bicep reading: reader readerRole at registry",
      "rights.bicep keeping: right.principal tableContributor at tables[index]",
      "rights.bicep operating: operatorPrincipalId role at account",
      "rights.bicep telling: principal eventGridSender at decisions",
      "rights.bicep working: right.principal right.role at queues[index]",
    ]);
    expect(textOf("app")).toMatch(
      /resource settingSecrets '[^']+' = if \(!empty\(operatorPrincipalId\)\) \{/,
    );
  });

  test("loops over principals give to nobody else", () => {
    expect(textOf("rights")).toContain(
      "for principal in [principals.evaluate, principals.deliver]: if (!empty(decisionTopicName))",
    );
    expect(textOf("rights")).toContain(
      "for role in [roles.tableContributor, roles.queueMessageSender]: if (!empty(operatorPrincipalId))",
    );
    expect(textOf("registry-topic")).toContain(
      "var readerRole = abac ? roles.repositoryReader : roles.acrPull",
    );
    expect(textOf("main")).toContain("readers: sluice.outputs.registryReaders");
  });

  test("each app's rights are given to that app's identity", () => {
    const [, given = ""] = /module rights [\s\S]+?principals: \{([\s\S]+?)\}/.exec(textOf("stage")) ?? [];
    const pairs = [...given.matchAll(/(\w+): (\w+)\.outputs\.principalId/g)];
    expect(pairs.map(([, app]) => app)).toEqual(["intake", "evaluate", "deliver", "sweep", "inputs"]);
    for (const [, app, from] of pairs) expect(from).toBe(app);
  });
});

describe("what is not delivered", () => {
  test("registries tell of pushes, by a topic with an identity", () => {
    const [topic] = ofType("Microsoft.EventGrid/systemTopics");
    expect(topic?.body).toContain("identity: { type: 'SystemAssigned' }");
    const [subscription] = ofType("Microsoft.EventGrid/systemTopics/eventSubscriptions");
    expect(subscription?.body).toContain("includedEventTypes: ['Microsoft.ContainerRegistry.ImagePushed']");
    expect(subscription?.body).toContain("eventDeliverySchema: 'CloudEventSchemaV1_0'");
  });

  test("undelivered events are kept for a month, and nothing else is forgotten", () => {
    const storage = textOf("storage");
    expect(storage).toContain("filters: { blobTypes: ['blockBlob'], prefixMatch: ['undelivered-events/'] }");
    expect(storage).toContain("delete: { daysAfterModificationGreaterThan: 30 }");
  });

  test("a message whose function failed is not handed over again at once", () => {
    const host = JSON.parse(
      readFileSync(join(import.meta.dirname, "../../../infra/azure/host.json"), "utf8"),
    ) as { readonly extensions: { readonly queues: Readonly<Record<string, unknown>> } };
    expect(host.extensions.queues).toMatchObject({ visibilityTimeout: "00:00:30" });
  });
});

describe("somebody hears of", () => {
  const queries = Object.fromEntries(
    [...textOf("alerts").matchAll(/name: '([\w-]+)'\n[\s\S]*?query: '(.+)'\n/g)].map(([, name, query]) => [
      name,
      query,
    ]),
  );

  test.each([
    ["dead-letters", `"event":"work-parked"`],
    ["poison", `OperationName endswith "-poison"`],
    ["failing-functions", "Success == false"],
    ["late-work", "TimeGenerated - inserted > 10m"],
    ["kept-catalog", `"event":"catalog-kept"`],
    ["parked-deliveries", `"event":"delivery-parked"`],
  ])("%s", (name, what) => {
    expect(queries[name]).toContain(what);
  });

  test("what metrics tell: refusals, backlogs, undelivered events", () => {
    const metrics = ofType("Microsoft.Insights/metricAlerts").map(({ body }) => settings(body).metricName);
    expect(metrics.sort()).toEqual(["'DeadLetteredCount'", "'Http5xx'", "'QueueMessageCount'"]);
  });

  test("each alert is on and goes to the action group", () => {
    const rules = [
      ...ofType("Microsoft.Insights/metricAlerts"),
      ...ofType("Microsoft.Insights/scheduledQueryRules"),
    ];
    expect(rules).toHaveLength(4);
    for (const { body } of rules) {
      expect(settings(body)).toMatchObject({ enabled: "true" });
      expect(body).toMatch(
        /actions: (?:\{ actionGroups: \[actionGroupId\] \}|\[\{ actionGroupId: actionGroupId \}\])/,
      );
    }
  });
});
