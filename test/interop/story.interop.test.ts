import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ReceiverDouble, startReceiverDouble } from "../../functions/local/playground/receiver.ts";
import { type LocalRuntime, startLocalRuntime } from "../../functions/local/runtime.ts";
import { parseConfig } from "../../shared/config.ts";
import type { DecisionRecord } from "../../shared/state.ts";
import { isIsolated } from "./namespace.ts";
import { noteSeen } from "./seen.ts";
import type { Format } from "./world/cosign.ts";
import { pushImage } from "./world/images.ts";
import { type Registry, startDistribution } from "./world/registries.ts";
import { type Stage, startStage } from "./world/stage.ts";
import { freePort } from "./world/world.ts";

const EVENTS_SECRET = "events-s3cret";
const RECEIVER_TOKEN = "receiver-t0ken";
const DEADLINE_MS = 3_000;
const FINAL_TIMEOUT_MS = 20_000;

/** One repository for each way of signing, and what its objects end in. */
interface Way {
  readonly name: string;
  readonly signer: "keyless" | "keyed";
  readonly format: Format;
  /** What sluice.yaml asks for besides the objects' own `verify`. */
  readonly rule?: "timestamp";
  readonly expected: "notify" | "no-transparency-log";
}

const WAYS: readonly Way[] = [
  { name: "keyless-bundle", signer: "keyless", format: "bundle", expected: "notify" },
  { name: "keyed-bundle", signer: "keyed", format: "bundle", expected: "notify" },
  { name: "keyed-legacy", signer: "keyed", format: "legacy", expected: "notify" },
  { name: "keyless-legacy", signer: "keyless", format: "legacy", expected: "no-transparency-log" },
  {
    name: "keyless-legacy-timestamp",
    signer: "keyless",
    format: "legacy",
    rule: "timestamp",
    expected: "notify",
  },
];

interface Verify {
  readonly issuer: string;
  readonly subject: string;
  readonly secret: string;
}

const toVerify = ({ signer, rule }: Way, { issuer, subject, secret }: Verify): unknown => {
  // A rule of sluice.yaml is then the only one: Flux has no timestamp-only mode.
  if (rule !== undefined) return undefined;
  return signer === "keyed"
    ? { provider: "cosign", secretRef: { name: secret } }
    : {
        provider: "cosign",
        trustedRootSecretRef: { name: "root" },
        matchOIDCIdentity: [{ issuer, subject }],
      };
};

const toObject = (way: Way, name: string, registry: string, verify: Verify): unknown => ({
  apiVersion: "source.toolkit.fluxcd.io/v1",
  kind: "OCIRepository",
  metadata: { name, namespace: "apps" },
  spec: {
    interval: "60m",
    insecure: true,
    url: `oci://${registry}/acme/${way.name}`,
    ref: { semver: ">=1.0.0 <2.0.0" },
    ...(toVerify(way, verify) === undefined ? {} : { verify: toVerify(way, verify) }),
  },
});

describe.skipIf(!isIsolated())(
  "a push signed by the real cosign reconciles exactly the object that asks for it",
  () => {
    let stage: Stage;
    let receiver: ReceiverDouble;
    let runtime: LocalRuntime;
    let registry: Registry;
    let rightKey: { privateKeyFile: string; publicKeyFile: string };

    const writeWorld = async (
      folder: string,
      host: string,
      port: number,
      wrongKeyFile: string,
    ): Promise<string> => {
      const { issuer } = stage.sigstore;
      const subject = "^https://github\\.com/acme/app/";
      const right = { issuer: `^${issuer}$`, subject, secret: "right" };
      const wrong = { issuer: `^${issuer}$`, subject: "^https://github\\.com/evil/", secret: "wrong" };
      const names = WAYS.flatMap(({ name }) => [name, `${name}-wrong`]);
      const objects = [
        ...WAYS.map((way) => toObject(way, way.name, host, right)),
        ...WAYS.filter(({ rule }) => rule === undefined).map((way) =>
          toObject(way, `${way.name}-wrong`, host, wrong),
        ),
        {
          apiVersion: "notification.toolkit.fluxcd.io/v1",
          kind: "Receiver",
          metadata: { name: "sluice", namespace: "apps" },
          spec: {
            type: "generic-hmac",
            secretRef: { name: "token" },
            resources: names.map((name) => ({ kind: "OCIRepository", name })),
          },
        },
      ];
      await mkdir(join(folder, "manifests"), { recursive: true });
      await writeFile(
        join(folder, "manifests", "all.json"),
        JSON.stringify({ kind: "List", apiVersion: "v1", items: objects }),
      );
      for (const [secret, key, from] of [
        ["right", "cosign.pub", rightKey.publicKeyFile],
        ["wrong", "cosign.pub", wrongKeyFile],
        ["root", "trusted_root.json", stage.sigstore.trustedRootFile],
      ] as const) {
        await mkdir(join(folder, "secrets", "apps", secret), { recursive: true });
        await writeFile(join(folder, "secrets", "apps", secret, key), await readFile(from));
      }
      return JSON.stringify({
        mode: "enforce",
        listen: { port },
        state: { path: "./sluice.db" },
        clusters: [
          {
            name: "c",
            manifests: { folder: "./manifests" },
            secrets: "./secrets",
            receiver: { baseUrl: receiver.url, token: { env: "TOKEN" }, allowPrivateAddresses: true },
          },
        ],
        sources: [{ type: "distribution", secrets: [{ env: "SECRET" }] }],
        trustedRoots: { default: stage.sigstore.trustedRootFile },
        evidence: { deadline: `${DEADLINE_MS / 1_000}s` },
        rules: [
          {
            repositories: `${host}/acme/keyless-legacy-timestamp`,
            identities: [{ issuer: right.issuer, subject: right.subject }],
            transparencyLog: "timestamp",
          },
        ],
        registries: { [host]: { plainHttp: true, allowPrivateAddresses: true } },
      });
    };

    beforeAll(async () => {
      stage = await startStage();
      receiver = await startReceiverDouble();
      stage.world.atEnd(() => receiver.close());
      const port = await freePort();
      const cosign = stage.cosign(3);
      rightKey = await cosign.generateKeyPair("story-right");
      const wrongKey = await cosign.generateKeyPair("story-wrong");
      registry = await startDistribution(stage.world, {
        version: 3,
        notifications: {
          url: `http://127.0.0.1:${port}/events/distribution`,
          headers: { Authorization: `Bearer ${EVENTS_SECRET}` },
        },
      });
      const names = WAYS.flatMap(({ name }) => [
        `OCIRepository/apps/${name}`,
        `OCIRepository/apps/${name}-wrong`,
      ]);
      receiver.register({
        namespace: "apps",
        name: "sluice",
        type: "generic-hmac",
        token: RECEIVER_TOKEN,
        resources: names,
        filter: "objects",
      });
      const folder = join(stage.world.folder, "story");
      const text = await writeWorld(folder, registry.host, port, wrongKey.publicKeyFile);
      const config = parseConfig(text, { file: "sluice.yaml", baseFolder: folder });
      const env = { TOKEN: RECEIVER_TOKEN, SECRET: EVENTS_SECRET };
      runtime = await startLocalRuntime(config, { env, log: () => {} });
      stage.world.atEnd(() => runtime.stop());
    });
    afterAll(() => stage?.world.close());

    /**
     * Two records may come before the one that counts: `baseline`, where the first look comes between a push and its
     * event, and `unsigned`, where cosign takes longer than the deadline (the signature then reopens the rejection).
     */
    const isFinal = ({ outcome, reason }: DecisionRecord): boolean =>
      outcome !== "wait" && reason !== "baseline" && reason !== "unsigned";

    const finalDecision = async (object: string, tag: string): Promise<DecisionRecord> => {
      const deadlineMs = Date.now() + FINAL_TIMEOUT_MS;
      while (Date.now() < deadlineMs) {
        const records = await runtime.state.records({
          subscription: `c/OCIRepository/apps/${object}`,
          limit: 1_000,
        });
        for (const record of records) {
          if (record.kind === "decision" && record.tag === tag && isFinal(record)) return record;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`no final decision for ${object}`);
    };

    const requestsFor = (object: string) =>
      receiver.requests.filter(({ body }) =>
        Buffer.from(body).toString().includes(`OCIRepository/apps/${object}"`),
      );

    test.each(WAYS)("$name: ends in $expected", async (way) => {
      const image = await pushImage({
        host: registry.host,
        repository: `acme/${way.name}`,
        tag: "1.4.0",
        text: way.name,
      });
      const by = way.signer === "keyed" ? { keyFile: rightKey.privateKeyFile } : { token: stage.token() };
      await stage.cosign(3).sign(image.reference, { format: way.format, by });

      const decision = await finalDecision(way.name, "1.4.0");
      noteSeen("push to receiver", { way: way.name, outcome: decision.outcome, reason: decision.reason });
      expect(decision.digest).toBe(image.digest);
      if (way.expected === "notify")
        expect(decision).toMatchObject({ outcome: "notify", reason: "verified" });
      else expect(decision).toMatchObject({ outcome: "reject", reason: way.expected });

      if (way.rule === undefined) {
        const refused = await finalDecision(`${way.name}-wrong`, "1.4.0");
        expect(refused.outcome).toBe("reject");
        expect(["identity-mismatch", "key-mismatch", "no-transparency-log"]).toContain(refused.reason);
      }
      const deadlineMs = Date.now() + FINAL_TIMEOUT_MS;
      while (way.expected === "notify" && requestsFor(way.name).length === 0 && Date.now() < deadlineMs) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const requests = requestsFor(way.name);
      expect(requests.map(({ status, annotated }) => ({ status, annotated }))).toEqual(
        way.expected === "notify" ? [{ status: 200, annotated: [`OCIRepository/apps/${way.name}`] }] : [],
      );
      expect(requestsFor(`${way.name}-wrong`)).toEqual([]);
    });
  },
);
