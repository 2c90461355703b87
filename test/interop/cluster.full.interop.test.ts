import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isIsolated } from "./namespace.ts";
import { noteSeen } from "./seen.ts";
import type { KubernetesObject } from "./world/control-plane.ts";
import { FLUX_NAMESPACE, type FluxCluster, startCluster } from "./world/flux.ts";
import { pushImage } from "./world/images.ts";
import { type Stage, startStage } from "./world/stage.ts";

const TOKEN = "webhook-token";
const REPOSITORY = "acme/app";
const SOURCE_API = "source.toolkit.fluxcd.io/v1";

const secret = (name: string, stringData: Readonly<Record<string, string>>): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace: FLUX_NAMESPACE },
  stringData,
});

const ociRepository = (stage: Stage, name: string): KubernetesObject => ({
  apiVersion: SOURCE_API,
  kind: "OCIRepository",
  metadata: { name, namespace: FLUX_NAMESPACE },
  spec: {
    interval: "60m",
    insecure: true,
    url: `oci://${stage.host("distribution-3")}/${REPOSITORY}`,
    ref: { semver: ">=1.0.0 <2.0.0" },
    layerSelector: { mediaType: "application/vnd.oci.image.layer.v1.tar", operation: "copy" },
    verify: {
      provider: "cosign",
      trustedRootSecretRef: { name: "trusted-root" },
      matchOIDCIdentity: [{ issuer: `^${stage.release.issuer}$`, subject: stage.release.subjectRegexp }],
    },
  },
});

const receiver = (names: readonly string[]): KubernetesObject => ({
  apiVersion: "notification.toolkit.fluxcd.io/v1",
  kind: "Receiver",
  metadata: { name: "pokes", namespace: FLUX_NAMESPACE },
  spec: {
    type: "generic-hmac",
    secretRef: { name: "token" },
    resources: names.map((name) => ({ apiVersion: SOURCE_API, kind: "OCIRepository", name })),
  },
});

/** The far end without Sluice: what the pipeline's promises rest on. */
describe.skipIf(!isIsolated())("the real Flux controllers", () => {
  let stage: Stage;
  let cluster: FluxCluster;
  beforeAll(async () => {
    stage = await startStage();
    cluster = await startCluster(stage.world);
    await cluster.apply([
      secret("token", { token: TOKEN }),
      secret("trusted-root", {
        "trusted_root.json": await readFile(stage.sigstore.trustedRootFile, "utf8"),
      }),
      ociRepository(stage, "app"),
      receiver(["app"]),
    ]);
  });
  afterAll(() => stage?.world.close());

  const push = (tag: string) =>
    pushImage({ host: stage.host("distribution-3"), repository: REPOSITORY, tag, text: tag });

  const poke = async (token = TOKEN): Promise<number> => {
    const body = JSON.stringify({ tag: "any" });
    const signature = createHmac("sha256", token).update(body).digest("hex");
    const headers = { "content-type": "application/json", "x-signature": `sha256=${signature}` };
    const response = await fetch(await cluster.webhookUrl("pokes"), { method: "POST", headers, body });
    await response.body?.cancel();
    return response.status;
  };

  const handledAt = async (): Promise<string | undefined> =>
    (await cluster.get("ocirepository", FLUX_NAMESPACE, "app"))?.status?.lastHandledReconcileAt;

  /** Pokes, and waits until source-controller has looked. */
  const pokeAndLook = async (): Promise<KubernetesObject> => {
    const before = await handledAt();
    expect(await poke()).toBe(200);
    return cluster.waitFor(
      "ocirepository",
      FLUX_NAMESPACE,
      "app",
      (object) => object.status?.lastHandledReconcileAt !== before && settled(object),
    );
  };
  const settled = (object: KubernetesObject) => {
    const ready = cluster.conditionOf(object, "Ready");
    return ready !== undefined && ready.status !== "Unknown";
  };

  test("a poke makes source-controller take a signed version, and refuse the unsigned and the foreign", async () => {
    const signed = await push("1.4.0");
    await stage.cosign(3).sign(signed.reference, { format: "bundle", by: { token: stage.token() } });
    await push("2.0.0");
    const first = await pokeAndLook();
    expect(cluster.conditionOf(first, "Ready")).toMatchObject({ status: "True" });
    expect(first.status?.artifact?.revision).toBe(`1.4.0@${signed.digest}`);

    await push("1.5.0");
    const unsigned = await pokeAndLook();
    expect(cluster.conditionOf(unsigned, "SourceVerified")).toMatchObject({
      status: "False",
      reason: "VerificationError",
    });
    expect(unsigned.status?.artifact?.revision).toBe(`1.4.0@${signed.digest}`);

    const foreign = await push("1.6.0");
    const evil = stage.token({ repository: "evil/app" });
    await stage.cosign(3).sign(foreign.reference, { format: "bundle", by: { token: evil } });
    expect(cluster.conditionOf(await pokeAndLook(), "SourceVerified")).toMatchObject({ status: "False" });

    const next = await push("1.7.0");
    await stage.cosign(3).sign(next.reference, { format: "bundle", by: { token: stage.token() } });
    const last = await pokeAndLook();
    expect(last.status?.artifact?.revision).toBe(`1.7.0@${next.digest}`);
    noteSeen("source-controller", { revision: last.status?.artifact?.revision });
  });

  test("a wrong token is refused and annotates nothing", async () => {
    const before = await handledAt();
    expect(await poke("wrong")).toBe(400);
    await sleep(500);
    expect(await handledAt()).toBe(before);
  });

  test("a restarted notification-controller serves the same path again", async () => {
    await cluster.notification.restart();
    expect(await poke()).toBe(200);
  });
});
