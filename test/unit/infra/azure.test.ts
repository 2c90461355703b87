import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { poisonOf, QUEUES, TABLES } from "../../../functions/azure/names.ts";
import { readSettings } from "../../../functions/azure/settings.ts";
import { APPS } from "../../../infra/azure/package.ts";
import { modulesOf, outputsOf, parametersOf, readBicep, resourcesOf } from "../../support/bicep.ts";
import { some } from "../../support/some.ts";

const ROOT = join(import.meta.dirname, "../../..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const files = readBicep();
const everything = files.map(({ text }) => text).join("\n");
const file = (name: string) => {
  const found = files.find(({ path }) => path.endsWith(`/${name}.bicep`));
  if (found === undefined) throw new Error(`no ${name}.bicep`);
  return found;
};
const ofType = (type: string) =>
  some(
    files.flatMap(resourcesOf).filter((resource) => resource.type === type),
    type,
  );

/** Microsoft's built-in roles, by the ids that are the same in every tenant. */
const ROLES: Readonly<Record<string, string>> = {
  acrPull: "7f951dda-4ed3-4680-a7ca-43fe172d538d",
  blobDataContributor: "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
  blobDataOwner: "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
  eventGridSender: "d5a91429-5739-47e2-a06b-3470a27159e7",
  keyVaultSecretsOfficer: "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
  keyVaultSecretsUser: "4633458b-17de-408a-b874-0445c86b69e6",
  metricsPublisher: "3913510d-42f4-4e42-8a64-420c390055eb",
  queueMessageProcessor: "8a0f0c08-91a1-4084-bc3d-661d67233fed",
  queueMessageSender: "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a",
  queueReader: "19e7f393-937e-4f77-808e-94535e297925",
  repositoryReader: "b93aa761-3e63-49ed-ac28-beffa264f7ac",
  tableContributor: "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
};

describe("no shared key", () => {
  test("every storage account takes Entra identities alone", () => {
    const accounts = ofType("Microsoft.Storage/storageAccounts");
    expect(accounts).toHaveLength(2);
    for (const { body } of accounts) {
      expect(body).toMatch(/allowSharedKeyAccess: false/);
      expect(body).toMatch(/allowBlobPublicAccess: false/);
      expect(body).toMatch(/supportsHttpsTrafficOnly: true/);
      expect(body).toMatch(/minimumTlsVersion: 'TLS1_2'/);
    }
  });

  test("nothing asks for a key, a connection string or a SAS", () => {
    const keys =
      /listKeys|listConnectionStrings|listAccountSas|listServiceSas|AccountKey|sasToken|primaryKey|aeg-sas/i;
    expect(keys.exec(everything)?.[0]).toBeUndefined();
  });

  test("topics, logs and deployment have no keys or passwords of their own", () => {
    for (const { body } of ofType("Microsoft.EventGrid/topics")) {
      expect(body).toMatch(/disableLocalAuth: true/);
      expect(body).toMatch(/identity: \{ type: 'SystemAssigned' \}/);
    }
    expect(ofType("Microsoft.Insights/components")[0]?.body).toMatch(/DisableLocalAuth: true/);
    const { text } = file("app");
    expect([
      ...text.matchAll(/basicPublishingCredentialsPolicies' = \{\n.*\n {4}properties: \{ allow: false \}/g),
    ]).toHaveLength(2);
  });

  test("every vault grants by role and cannot be purged", () => {
    for (const { body } of ofType("Microsoft.KeyVault/vaults")) {
      expect(body).toMatch(/enableRbacAuthorization: true/);
      expect(body).toMatch(/enablePurgeProtection: true/);
    }
  });
});

describe("rights", () => {
  test("roles are the built-in ones that their names say", () => {
    const named = [...everything.matchAll(/^ {2}(\w+): '([0-9a-f-]{36})'$/gm)];
    expect(named.length).toBeGreaterThanOrEqual(Object.keys(ROLES).length);
    for (const [, name = "", id] of named) expect([name, id]).toEqual([name, ROLES[name]]);
  });

  test("each app may do at each queue what it does there, and no more", () => {
    const { text } = file("rights");
    const rights = [
      ...text.matchAll(/\{ queue: '([\w-]+)', principal: principals\.(\w+), role: roles\.(\w+) \}/g),
    ].map(([, queue, app, role]) => `${app} ${role} ${queue}`);
    const worker = ["queueReader", "queueMessageProcessor", "queueMessageSender"];
    const expected = [
      `intake queueMessageSender ${QUEUES.evaluate}`,
      ...worker.map((role) => `evaluate ${role} ${QUEUES.evaluate}`),
      ...worker.map((role) => `evaluate ${role} ${poisonOf(QUEUES.evaluate)}`),
      `evaluate queueMessageSender ${QUEUES.deliver}`,
      ...worker.map((role) => `deliver ${role} ${QUEUES.deliver}`),
      ...worker.map((role) => `deliver ${role} ${poisonOf(QUEUES.deliver)}`),
      `deliver queueMessageSender ${QUEUES.evaluate}`,
      `sweep queueMessageSender ${QUEUES.evaluate}`,
      `sweep queueMessageSender ${QUEUES.deliver}`,
    ];
    expect(rights.sort()).toEqual(expected.sort());
  });

  test("intake counts its events, and reads no state and no dead letters", () => {
    const { text } = file("rights");
    const tables = [...text.matchAll(/\{ table: '(\w+)', principal: principals\.(\w+) \}/g)];
    expect(tables.map(([, table, app]) => `${app} ${table}`).sort()).toEqual(
      [
        ...["deliver", "evaluate", "sweep"].flatMap((app) => [
          `${app} ${TABLES.state}`,
          `${app} ${TABLES.deadLetters}`,
        ]),
        `intake ${TABLES.limits}`,
        `inputs ${TABLES.state}`,
      ].sort(),
    );
  });

  test("no role is assigned at a resource group or a subscription", () => {
    const assignments = ofType("Microsoft.Authorization/roleAssignments");
    expect(assignments.length).toBeGreaterThanOrEqual(10);
    for (const { symbol, body } of assignments) {
      const scope = /^ *scope: (.+)$/m.exec(body)?.[1];
      expect([symbol, scope]).toEqual([symbol, expect.stringMatching(/^\w/)]);
      // At the account that holds the stage's data only a person has a right.
      if (scope === "account") expect(body).toContain("operatorPrincipalId");
    }
  });

  test("only evaluate may pull", () => {
    expect(file("stage").text).toContain("output registryReaders array = [evaluate.outputs.principalId]");
  });
});

describe("events", () => {
  const subscription = ofType("Microsoft.EventGrid/systemTopics/eventSubscriptions")[0]?.body ?? "";

  test("reach the queue by the topic's own identity, and never expire there", () => {
    expect(subscription).toMatch(
      /deliveryWithResourceIdentity: \{\s+identity: \{ type: 'SystemAssigned' \}\s+destination: \{\s+endpointType: 'StorageQueue'/,
    );
    expect(subscription).toContain(`queueName: '${QUEUES.evaluate}'`);
    expect(subscription).toContain("queueMessageTimeToLiveInSeconds: -1");
    expect(subscription).not.toMatch(/\n {4}destination: /);
  });

  test("are tried again for a day, and then kept", () => {
    expect(subscription).toMatch(
      /retryPolicy: \{\s+maxDeliveryAttempts: 30\s+eventTimeToLiveInMinutes: 1440/,
    );
    expect(subscription).toMatch(
      /deadLetterWithResourceIdentity: \{\s+identity: \{ type: 'SystemAssigned' \}\s+deadLetterDestination: \{\s+endpointType: 'StorageBlob'/,
    );
    expect(subscription).toContain("blobContainerName: 'undelivered-events'");
    expect(file("storage").text).toContain("name: 'undelivered-events'");
  });

  test("are subscribed to only once the topic may deliver", () => {
    expect(file("main").text).toMatch(/module subscriptions [\s\S]+dependsOn: \[\s+deliveries\[index\]/);
  });
});

describe("what functions and infrastructure agree on", () => {
  test("queues and tables", () => {
    const { text } = file("storage");
    const quoted = (name: string) =>
      [...(new RegExp(`var ${name} = \\[(.+)\\]`).exec(text)?.[1] ?? "").matchAll(/'([\w-]+)'/g)].map(
        ([, one]) => one,
      );
    expect(quoted("queueNames")).toEqual(Object.values(QUEUES).flatMap((queue) => [queue, poisonOf(queue)]));
    expect(quoted("tableNames")).toEqual(Object.values(TABLES));
  });

  test("app settings: every one that a function needs is set", () => {
    const names = [...everything.matchAll(/\b([A-Z]\w+):/g)].map(([, name]) => name ?? "");
    const env = Object.fromEntries(names.map((name) => [name, "https://x.example"]));
    expect(() => readSettings(env)).not.toThrow();
    for (const one of [
      "AZURE_CLIENT_ID",
      "SLUICE_KEY_VAULT_URI",
      "SLUICE_EVENT_GRID_ENDPOINT",
      "SLUICE_SWEEP_SCHEDULE",
    ]) {
      expect(names).toContain(one);
    }
    expect(() => readSettings({})).toThrow(/SLUICE_STORAGE__queueServiceUri/);
  });

  test("apps, services and folders", () => {
    const project = parse(read("azure.yaml")) as {
      readonly services: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
      readonly infra: unknown;
    };
    expect(project.infra).toEqual({ provider: "bicep", path: "infra/azure", module: "main" });
    expect(Object.keys(project.services)).toEqual([...APPS]);
    for (const app of APPS) {
      expect(project.services[app]).toEqual({
        project: `dist/azure/${app}`,
        language: "js",
        host: "function",
        remoteBuild: false,
      });
      expect(file("stage").text).toContain(`    app: '${app}'\n`);
    }
    expect(file("app").text).toContain("'azd-service-name': app");
  });

  test("host.json: base64, poison after five tries, more time than a piece of work gets", () => {
    const { functionTimeout, extensions } = JSON.parse(read("infra/azure/host.json")) as {
      readonly functionTimeout: string;
      readonly extensions: { readonly queues: object; readonly http: object };
    };
    expect(functionTimeout).toBe("00:10:00");
    expect(extensions.queues).toMatchObject({ messageEncoding: "base64", maxDequeueCount: 5 });
    // Sources have the paths that sluice.yaml gives them.
    expect(extensions.http).toMatchObject({ routePrefix: "" });
  });

  test("deployment parameters are main.bicep's", () => {
    const { parameters } = JSON.parse(read("infra/azure/main.parameters.json")) as {
      readonly parameters: object;
    };
    const declared = parametersOf(file("main"));
    expect(Object.keys(parameters).filter((name) => !declared.has(name))).toEqual([]);
    const needed = [...declared].filter(([, { optional }]) => !optional).map(([name]) => name);
    expect(needed.filter((name) => !Object.hasOwn(parameters, name))).toEqual([]);
  });
});

describe.each(files)("$path", (one) => {
  test("gives each module what it needs and nothing else", () => {
    for (const { symbol, path, given } of modulesOf(one)) {
      const target = files.find((candidate) => candidate.path === path);
      const declared = target === undefined ? new Map() : parametersOf(target);
      const needed = [...declared].filter(([, { optional }]) => !optional).map(([name]) => name);
      expect([symbol, given.filter((name) => !declared.has(name))]).toEqual([symbol, []]);
      expect([symbol, needed.filter((name) => !given.includes(name))]).toEqual([symbol, []]);
    }
  });

  test("reads only outputs that its modules have", () => {
    for (const { symbol, path } of modulesOf(one)) {
      const target = files.find((candidate) => candidate.path === path);
      const outputs: ReadonlySet<string> = target === undefined ? new Set() : outputsOf(target);
      const used = [...one.text.matchAll(new RegExp(`\\b${symbol}(?:\\[index\\])?\\.outputs\\.(\\w+)`, "g"))];
      expect(used.map(([, name = ""]) => name).filter((name) => !outputs.has(name))).toEqual([]);
    }
  });

  test("uses every parameter that it has", () => {
    const unused = [...parametersOf(one).keys()].filter(
      (name) => [...one.text.matchAll(new RegExp(`\\b${name}\\b`, "g"))].length < 2,
    );
    expect(unused).toEqual([]);
  });
});
