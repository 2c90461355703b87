import { readFile } from "node:fs/promises";
import { request as forward } from "node:http";
import { createServer } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isIsolated } from "./namespace.ts";
import { runToEnd } from "./world/command.ts";
import type { KubernetesObject } from "./world/control-plane.ts";
import { toSecret } from "./world/flux-objects.ts";
import type { PushedImage } from "./world/images.ts";
import { HMAC_NAMESPACE, type Loop, startLoop } from "./world/loop.ts";
import { PROVIDER } from "./world/loop-config.ts";

const API = "fluxcd.controlplane.io/v1";
const KIND = "resourcesetinputprovider";
const [NAMESPACE, NAME] = PROVIDER;
const APP = [HMAC_NAMESPACE, "app"] as const;
const REQUESTED_AT = "reconcile.fluxcd.io/requestedAt";

type Inputs = readonly Readonly<Record<string, string>>[];

interface ProviderOptions {
  readonly name: string;
  readonly url: string;
  readonly secret: string;
  readonly insecure?: boolean;
  readonly certSecret?: string;
}

/** Looks by itself once an hour: what is seen earlier came by a poke. */
const toProvider = ({ name, url, secret, insecure, certSecret }: ProviderOptions): KubernetesObject => ({
  apiVersion: API,
  kind: "ResourceSetInputProvider",
  metadata: { name, namespace: NAMESPACE, annotations: { "fluxcd.controlplane.io/reconcileEvery": "60m" } },
  spec: {
    type: "ExternalService",
    url,
    secretRef: { name: secret },
    ...(insecure === undefined ? {} : { insecure }),
    ...(certSecret === undefined ? {} : { certSecretRef: { name: certSecret } }),
  },
});

/** What a user writes to deploy by the inputs; here it only notes them down. */
const DEPLOYED: KubernetesObject = {
  apiVersion: API,
  kind: "ResourceSet",
  metadata: { name: "deployed", namespace: NAMESPACE },
  spec: {
    inputsFrom: [{ apiVersion: API, kind: "ResourceSetInputProvider", name: NAME }],
    resources: [
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "<< inputs.id >>", namespace: NAMESPACE },
        data: { artifact: "<< inputs.artifact >>", tag: "<< inputs.tag >>" },
      },
    ],
  },
};

const inputsOf = (provider: KubernetesObject): Inputs =>
  (provider.status as { readonly exportedInputs?: Inputs } | undefined)?.exportedInputs ?? [];

describe.skipIf(!isIsolated())("versions from Sluice, for a real flux-operator", () => {
  let loop: Loop;
  let first: Inputs;
  let url = "";
  beforeAll(async () => {
    loop = await startLoop(
      [
        { namespace: HMAC_NAMESPACE, name: "app", repository: "acme/app", semver: ">=1.0.0 <2.0.0" },
        { namespace: HMAC_NAMESPACE, name: "other", repository: "acme/other", semver: ">=1.0.0" },
      ],
      { inputs: true },
    );
    url = `${loop.runtime.address}/clusters/c/inputs`;
    const { inputsToken: token = "" } = loop;
    await loop.cluster.apply([
      // As people write them: with a newline at the end.
      toSecret(NAMESPACE, "sluice-inputs", { token: `${token}\n` }),
      toSecret(NAMESPACE, "basic", { username: "flux", password: token }),
      toSecret(NAMESPACE, "wrong", { token: "wrong" }),
      toProvider({ name: NAME, url, secret: "sluice-inputs", insecure: true }),
      DEPLOYED,
    ]);
    first = inputsOf(await ready(NAME));
  });
  afterAll(() => loop?.stage.world.close());

  const provider = (name: string, isThere: (found: KubernetesObject) => boolean) =>
    loop.cluster.waitFor(KIND, NAMESPACE, name, isThere);
  const readiness = (found: KubernetesObject) => loop.cluster.conditionOf(found, "Ready");
  const ready = (name: string) => provider(name, (found) => readiness(found)?.status === "True");
  const refused = (name: string) => provider(name, (found) => readiness(found)?.status === "False");
  const inputOf = (inputs: Inputs, object: string) =>
    inputs.find(({ id }) => id === `ocirepository.${object}.apps`);

  /** Makes the operator ask again, as `flux-operator reconcile` does, and waits until it has. */
  const askAgain = async (name: string): Promise<KubernetesObject> => {
    const value = `by hand ${Date.now()}`;
    await loop.cluster.kubectl([
      ...["annotate", KIND, name, `--namespace=${NAMESPACE}`, "--overwrite", `${REQUESTED_AT}=${value}`],
    ]);
    return provider(
      name,
      (found) => found.status?.lastHandledReconcileAt === value && readiness(found)?.status !== "Unknown",
    );
  };

  const versionIn = (inputs: Inputs, object: string, tag: string, { digest }: PushedImage) =>
    expect(inputOf(inputs, object)).toMatchObject({ tag, digest });

  test("it exports what is verified, with digest and signer", async () => {
    // What source-controller found in the registry by itself.
    const [tag, digest] = (await loop.object(...APP)).status?.artifact?.revision.split("@") ?? [];
    expect(first.map(({ id }) => id)).toEqual(["ocirepository.app.apps", "ocirepository.other.apps"]);
    const input = inputOf(first, "app");
    expect(input).toMatchObject({
      tag,
      digest,
      repository: "acme/app",
      issuer: loop.stage.release.issuer,
    });
    expect(input?.subject).toMatch(new RegExp(loop.stage.release.subjectRegexp));
    expect(input?.artifact).toBe(`${input?.registry}/acme/app@${digest}`);
    expect(input?.url).toBe(`oci://${input?.registry}/acme/app`);
  });

  test("a ResourceSet deploys by them", async () => {
    const made = await loop.cluster.waitFor("configmap", NAMESPACE, "ocirepository.app.apps", () => true);
    expect(made.data).toEqual({ artifact: inputOf(first, "app")?.artifact, tag: "1.0.0" });
  });

  test("a token as the password of a user is taken, a wrong one is not", async () => {
    await loop.cluster.apply([
      toProvider({ name: "by-basic", url, secret: "basic", insecure: true }),
      toProvider({ name: "by-wrong", url, secret: "wrong", insecure: true }),
    ]);
    expect(inputsOf(await ready("by-basic"))).toEqual(first);
    const wrong = await refused("by-wrong");
    expect(readiness(wrong)?.message).toContain("returned HTTP 401");
    expect(inputsOf(wrong)).toEqual([]);
  });

  test("plain HTTP is for who says so", async () => {
    const plain = toProvider({ name: "plain", url, secret: "sluice-inputs" });
    await expect(loop.cluster.apply([plain])).rejects.toThrow("insecure");
  });

  test("over TLS the certificate counts", async () => {
    const { front, certificate } = await startTls(loop);
    const at = { url: `${front}/clusters/c/inputs`, secret: "sluice-inputs" };
    await loop.cluster.apply([
      toSecret(NAMESPACE, "front", { "ca.crt": certificate }),
      toProvider({ name: "by-tls", ...at, certSecret: "front" }),
      toProvider({ name: "by-strange-tls", ...at }),
    ]);
    expect(inputsOf(await ready("by-tls"))).toEqual(first);
    expect(readiness(await refused("by-strange-tls"))?.message).toContain("certificate");
  });

  test("a verified push is poked, asked for, exported and deployed", async () => {
    const image = await loop.push("acme/app", "1.4.0");
    const after = await provider(NAME, (found) => inputOf(inputsOf(found), "app")?.tag === "1.4.0");
    versionIn(inputsOf(after), "app", "1.4.0", image);
    expect(after.metadata.annotations?.[REQUESTED_AT]).toBeDefined();
    expect(inputOf(inputsOf(after), "other")).toEqual(inputOf(first, "other"));
    // Its neighbours under the same Receiver were not.
    expect(await loop.pokedAt(HMAC_NAMESPACE, "other")).toBeUndefined();
    const { metadata } = await ready("by-basic");
    expect(metadata.annotations?.[REQUESTED_AT]).toBeUndefined();
    const made = await loop.cluster.waitFor(
      "configmap",
      NAMESPACE,
      "ocirepository.app.apps",
      ({ data }) => (data as { tag?: string }).tag === "1.4.0",
    );
    expect(made.data).toMatchObject({ artifact: expect.stringContaining(image.digest) });
  });

  test("what nobody signed is not exported, however often it asks", async () => {
    const before = inputsOf(await ready(NAME));
    await loop.push("acme/app", "1.5.0", false);
    const seen = async () =>
      (await loop.records(...APP)).find((one) => one.kind === "decision" && one.tag === "1.5.0");
    await loop.until("it was seen", seen);
    expect(inputsOf(await askAgain(NAME))).toEqual(before);
    await loop.until("it is refused", async () => {
      const found = (await loop.records(...APP)).find(
        (one) => one.kind === "decision" && one.tag === "1.5.0" && one.outcome === "reject",
      );
      return found;
    });
    expect(inputsOf(await askAgain(NAME))).toEqual(before);
    const image = await loop.push("acme/app", "1.6.0");
    const after = await provider(NAME, (found) => inputOf(inputsOf(found), "app")?.tag === "1.6.0");
    versionIn(inputsOf(after), "app", "1.6.0", image);
  });

  test("where Sluice cannot answer it keeps what it has", async () => {
    const before = inputsOf(await ready(NAME));
    await loop.cluster.apply([toSecret(NAMESPACE, "sluice-inputs", { token: "wrong" })]);
    const failed = await askAgain(NAME);
    expect(readiness(failed)).toMatchObject({ status: "False" });
    expect(inputsOf(failed)).toEqual(before);
  });

  test("`sluice receivers check` finds nothing wrong with Receivers that poke it", async () => {
    const { code, stdout } = await loop.stage.sluice.run(["receivers", "check", "--config", loop.configFile]);
    expect(stdout).toBe("every object is reached, and nothing else\n");
    expect(code).toBe(0);
  });
});

/** TLS in front of Sluice, as a load balancer gives it. */
const startTls = async ({ stage: { world }, runtime }: Loop) => {
  const file = (name: string): string => join(world.folder, name);
  const { code, output } = await runToEnd(
    "openssl",
    [
      ...[
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
      ],
      ...["-subj", "/CN=sluice", "-addext", "subjectAltName=IP:127.0.0.1"],
      ...["-keyout", file("front.key"), "-out", file("front.crt")],
    ],
    { cwd: world.folder },
  );
  if (code !== 0) throw new Error(`openssl ended with ${code}:\n${output}`);
  const [key, certificate] = await Promise.all(
    ["front.key", "front.crt"].map((name) => readFile(file(name), "utf8")),
  );
  if (key === undefined || certificate === undefined) throw new Error("no certificate");
  const server = createServer({ key, cert: certificate }, (incoming, outgoing) => {
    const behind = forward(new URL(incoming.url ?? "/", runtime.address), { headers: incoming.headers });
    behind.on("response", (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    behind.on("error", () => outgoing.writeHead(502).end());
    behind.end();
  });
  await new Promise<void>((done, fail) => server.once("error", fail).listen(0, "127.0.0.1", done));
  world.atEnd(async () => {
    server.closeAllConnections();
    await new Promise<void>((done) => server.close(() => done()));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the front has no port");
  return { front: `https://127.0.0.1:${address.port}`, certificate };
};
