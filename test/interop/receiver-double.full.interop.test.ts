import { createHmac } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ReceiverDouble, startReceiverDouble } from "../../functions/local/playground/receiver.ts";
import { EXACT_FILTER } from "../../shared/delivery/exact-filter.ts";
import { isIsolated } from "./namespace.ts";
import { noteSeen } from "./seen.ts";
import type { KubernetesObject } from "./world/control-plane.ts";
import { FLUX_NAMESPACE, type FluxCluster, startCluster } from "./world/flux.ts";
import { type OidcIssuer, startOidcIssuer } from "./world/oidc-issuer.ts";
import { type RawRequest, sendRaw } from "./world/raw-http.ts";
import { createWorld, type World } from "./world/world.ts";

const TOKEN = "s3cret";
const API = "source.toolkit.fluxcd.io/v1";
const [ONE, TWO] = [`OCIRepository/${FLUX_NAMESPACE}/one`, `OCIRepository/${FLUX_NAMESPACE}/two`];
const AUDIENCE = "interop";

type Name = "plain" | "chosen" | "ghostly" | "newline" | "asleep" | "open" | "vouched";

interface Setup {
  readonly type: "generic" | "generic-hmac" | "generic-oidc";
  readonly token?: string;
  readonly resources: readonly ("one" | "two" | "ghost")[];
  readonly exact?: boolean;
  readonly suspended?: boolean;
}

const receivers: Readonly<Record<Name, Setup>> = {
  plain: { type: "generic-hmac", token: TOKEN, resources: ["one"] },
  chosen: { type: "generic-hmac", token: TOKEN, resources: ["one", "two"], exact: true },
  ghostly: { type: "generic-hmac", token: TOKEN, resources: ["one", "ghost"], exact: true },
  newline: { type: "generic-hmac", token: `${TOKEN}\n`, resources: ["one"] },
  asleep: { type: "generic-hmac", token: TOKEN, resources: ["one"], suspended: true },
  open: { type: "generic", token: TOKEN, resources: ["one"] },
  vouched: { type: "generic-oidc", resources: ["one"] },
};

const BODY = JSON.stringify({ objects: [ONE] });
const JSON_TYPE = ["Content-Type", "application/json"] as const;
const hmac = (algorithm: string, body: string | Uint8Array = BODY, key = TOKEN) =>
  createHmac(algorithm, key).update(body).digest("hex");
const signature = (value: string) => ["X-Signature", value] as const;
const right = (body: string | Uint8Array = BODY, key = TOKEN) =>
  signature(`sha256=${hmac("sha256", body, key)}`);

interface Case extends Omit<RawRequest, "target"> {
  readonly what: string;
  readonly to: Name;
  /** Makes another target of the Receiver's path. */
  readonly target?: (path: string) => string;
  /** Claims of the bearer token. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

const signed = (what: string, to: Name, body: string | Uint8Array, more: Partial<Case> = {}): Case => ({
  what,
  to,
  body,
  headers: [JSON_TYPE, right(body)],
  ...more,
});

const cases: readonly Case[] = [
  ...["sha1", "sha256", "sha512", "sha384", "md5"].map((algorithm) => ({
    what: `signature by ${algorithm}`,
    to: "plain" as const,
    body: BODY,
    headers: [signature(`${algorithm}=${hmac(algorithm)}`)],
  })),
  {
    what: "upper-case hex",
    to: "plain",
    body: BODY,
    headers: [signature(`sha256=${hmac("sha256").toUpperCase()}`)],
  },
  { what: "upper-case algorithm", to: "plain", body: BODY, headers: [signature(`SHA256=${hmac("sha256")}`)] },
  { what: "hex without algorithm", to: "plain", body: BODY, headers: [signature(hmac("sha256"))] },
  { what: "odd hex", to: "plain", body: BODY, headers: [signature("sha256=abc")] },
  { what: "another key", to: "plain", body: BODY, headers: [right(BODY, "other")] },
  { what: "another body", to: "plain", body: `${BODY} `, headers: [right(BODY)] },
  { what: "no signature", to: "plain", body: BODY },
  { what: "an empty signature", to: "plain", body: BODY, headers: [signature("")] },
  { what: "GitHub's header alone", to: "plain", body: BODY, headers: [["X-Hub-Signature-256", right()[1]]] },
  {
    what: "two signatures, wrong one first",
    to: "plain",
    body: BODY,
    headers: [signature("sha256=00"), right()],
  },
  {
    what: "two signatures, right one first",
    to: "plain",
    body: BODY,
    headers: [right(), signature("sha256=00")],
  },
  signed("an empty body", "plain", ""),
  signed("a body that is not JSON", "plain", "hello"),
  signed("a gzip body", "plain", gzipSync(BODY), {
    headers: [JSON_TYPE, ["Content-Encoding", "gzip"], right(gzipSync(BODY))],
  }),
  ...["GET", "PUT", "DELETE", "PATCH"].map((method) => signed(method, "plain", BODY, { method })),
  signed("3 MiB", "plain", "a".repeat(3 << 20)),
  signed("3 MiB and a byte", "plain", "a".repeat((3 << 20) + 1)),
  signed("a query", "plain", BODY, { target: (path) => `${path}?a=1` }),
  signed("a trailing slash", "plain", BODY, { target: (path) => `${path}/` }),
  signed("an upper-case path", "plain", BODY, { target: (path) => path.toUpperCase() }),
  signed("an unknown path", "plain", BODY, { target: () => `/hook/${"0".repeat(64)}` }),
  signed("outside /hook/", "plain", BODY, { target: () => "/other" }),
  signed("a doubled slash", "plain", BODY, { target: (path) => `/${path}` }),
  signed("one listed object", "chosen", BODY),
  signed("both listed", "chosen", JSON.stringify({ objects: [ONE, TWO] })),
  signed("none listed", "chosen", '{"objects":[]}'),
  signed("an unknown one listed", "chosen", '{"objects":["OCIRepository/other/one"]}'),
  signed("no list", "chosen", "{}"),
  signed("a map instead of a list", "chosen", JSON.stringify({ objects: { [ONE]: 1 } })),
  signed("null instead of a list", "chosen", '{"objects":null}'),
  signed("null as body", "chosen", "null"),
  signed("an array as body", "chosen", "[]"),
  signed("a string as body", "chosen", '"s"'),
  signed("JSON and then something else", "chosen", `${BODY} trailing`),
  signed("a filter over a body that is not JSON", "chosen", "{"),
  signed("a filter over an empty body", "chosen", ""),
  ...["text/json", "application/cloudevents+json", "application/json; charset=utf-8", "APPLICATION/JSON"].map(
    (type) => signed(`content type ${type}`, "chosen", BODY, { headers: [["Content-Type", type], right()] }),
  ),
  { what: "no content type", to: "chosen", body: BODY, headers: [right()] },
  signed("an absent neighbour that the filter would not pick", "ghostly", BODY),
  { what: "the newline is part of the key", to: "newline", body: BODY, headers: [right(BODY, `${TOKEN}\n`)] },
  { what: "the key without its newline", to: "newline", body: BODY, headers: [right()] },
  signed("a suspended Receiver", "asleep", BODY),
  { what: "a suspended Receiver, unsigned", to: "asleep", body: BODY },
  { what: "an open Receiver", to: "open" },
  { what: "a good token", to: "vouched", claims: { aud: AUDIENCE, sub: "sluice" } },
  { what: "another audience", to: "vouched", claims: { aud: "other", sub: "sluice" } },
  { what: "another subject", to: "vouched", claims: { aud: AUDIENCE, sub: "somebody" } },
  { what: "an expired token", to: "vouched", claims: { aud: AUDIENCE, sub: "sluice", exp: 1_700_000_000 } },
  { what: "no token", to: "vouched" },
  { what: "lower-case bearer", to: "vouched", headers: [["Authorization", "bearer x"]] },
];

/** What `npm test` believes of a Receiver is what a real notification-controller does. */
describe.skipIf(!isIsolated())("the Receiver's double beside the real notification-controller", () => {
  let world: World;
  let cluster: FluxCluster;
  let issuer: OidcIssuer;
  let double: ReceiverDouble;
  let annotatedByDouble: string[] = [];
  const paths = new Map<Name, string>();

  const isTokenValid = (token: string): boolean => {
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    return claims.aud === AUDIENCE && claims.sub === "sluice" && claims.exp * 1_000 > Date.now();
  };

  const registerDouble = (name: Name, { type, token, resources, exact, suspended }: Setup) =>
    double.register({
      namespace: FLUX_NAMESPACE,
      name,
      type,
      resources: resources.map((resource) => `OCIRepository/${FLUX_NAMESPACE}/${resource}`),
      absent: [`OCIRepository/${FLUX_NAMESPACE}/ghost`],
      filter: exact === true ? "objects" : "none",
      condition: suspended === true ? "suspended" : "ready",
      isTokenValid,
      ...(token === undefined ? {} : { token }),
    });

  const toReceiver = (name: Name, { type, resources, exact }: Setup): KubernetesObject => ({
    apiVersion: "notification.toolkit.fluxcd.io/v1",
    kind: "Receiver",
    metadata: { name, namespace: FLUX_NAMESPACE },
    spec: {
      type,
      resources: resources.map((resource) => ({ apiVersion: API, kind: "OCIRepository", name: resource })),
      ...(exact === true ? { resourceFilter: EXACT_FILTER } : {}),
      ...(type === "generic-oidc"
        ? {
            oidcProviders: [
              {
                issuerURL: issuer.url,
                audience: AUDIENCE,
                validations: [{ expression: "claims.sub == 'sluice'", message: "not us" }],
              },
            ],
          }
        : { secretRef: { name } }),
    },
  });

  const setUpCluster = async () => {
    const metadata = (name: string) => ({ name, namespace: FLUX_NAMESPACE });
    const secrets = Object.entries(receivers).flatMap(([name, { token }]) =>
      token === undefined
        ? []
        : [{ apiVersion: "v1", kind: "Secret", metadata: metadata(name), stringData: { token } }],
    );
    const sources = ["one", "two"].map((name) => ({
      apiVersion: API,
      kind: "OCIRepository",
      metadata: metadata(name),
      // Suspended: this is about who is asked to look, not about looking.
      spec: { interval: "60m", url: "oci://127.0.0.1:9/none", suspend: true },
    }));
    await cluster.apply([
      ...secrets,
      ...sources,
      ...Object.entries(receivers).map(([name, setup]) => toReceiver(name as Name, setup)),
    ]);
    for (const name of paths.keys()) await cluster.webhookUrl(name);
    // A Receiver gets its path only while it is not suspended.
    const asleep = toReceiver("asleep", receivers.asleep);
    await cluster.apply([{ ...asleep, spec: { ...(asleep.spec as object), suspend: true } }]);
  };

  beforeAll(async () => {
    world = await createWorld();
    issuer = await startOidcIssuer(world);
    double = await startReceiverDouble({
      onAnnotated: (resources) => {
        annotatedByDouble.push(...resources);
      },
    });
    world.atEnd(() => double.close());
    for (const [name, setup] of Object.entries(receivers)) {
      paths.set(name as Name, registerDouble(name as Name, setup));
    }
    cluster = await startCluster(world);
    await setUpCluster();
  });
  afterAll(() => world?.close());

  const requestedAt = async (): Promise<Readonly<Record<string, string | undefined>>> => {
    const text = await cluster.kubectl([
      "get",
      "ocirepository",
      `--namespace=${FLUX_NAMESPACE}`,
      "--output=json",
    ]);
    const { items } = JSON.parse(text) as { items: readonly KubernetesObject[] };
    return Object.fromEntries(
      items.map(({ kind, metadata }) => [
        `${kind}/${metadata.namespace}/${metadata.name}`,
        metadata.annotations?.["reconcile.fluxcd.io/requestedAt"],
      ]),
    );
  };

  const toRequest = ({ to, target, claims, headers = [], ...rest }: Case): RawRequest => {
    const path = paths.get(to) ?? "";
    const bearer = claims && (["Authorization", `Bearer ${issuer.mintRaw(claims)}`] as const);
    return {
      ...rest,
      target: target === undefined ? path : target(path),
      headers: bearer === undefined ? headers : [...headers, bearer],
    };
  };

  test.each(Object.keys(receivers))("%s listens on the path that the double computes", async (name) => {
    const real = await cluster.get("receiver", FLUX_NAMESPACE, name);
    expect(real?.status?.webhookPath).toBe(paths.get(name as Name));
  });

  test.each(cases)("$to: $what", async (entry) => {
    const request = toRequest(entry);
    annotatedByDouble = [];
    const byDouble = { status: await sendRaw(double.url, request), annotated: [...annotatedByDouble].sort() };
    const before = await requestedAt();
    const status = await sendRaw(cluster.notification.receiverUrl, request);
    const after = await requestedAt();
    const annotated = Object.keys(after).filter((object) => after[object] !== before[object]);
    noteSeen("receiver", { to: entry.to, what: entry.what, status, annotated });
    expect(byDouble).toEqual({ status, annotated: annotated.sort() });
  });
});
