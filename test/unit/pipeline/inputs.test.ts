import { beforeEach, describe, expect, test } from "vitest";
import { Secret } from "../../../shared/artifact/secret.ts";
import { createInputsRoute, type InputsEndpoint, toInputId } from "../../../shared/pipeline/intake/inputs.ts";
import { createHarness, digestOf, type Harness, RECEIVER, ruleOf, subscriptionOf } from "./harness.ts";

let at: Harness;
beforeEach(() => {
  at = createHarness();
  at.world.served = true;
  at.tags.set("1.0.0", digestOf("1.0.0"));
  at.signed.set(digestOf("1.0.0"), "verified");
});

const ask = async (
  changes: Partial<InputsEndpoint> = {},
  authorization: string | undefined = "Bearer t0ken",
) => {
  const route = createInputsRoute(at.deps, {
    cluster: "c",
    path: "/clusters/c/inputs",
    limit: 100,
    tokens: async () => [new Secret("t0ken"), new Secret("older")],
    serves: () => true,
    ...changes,
  });
  const headers = authorization === undefined ? {} : { authorization };
  const { status, body } = await route.answer({
    method: "GET",
    path: route.path,
    query: "",
    headers,
    body: new Uint8Array(),
  });
  return { status, body: String(body) };
};

const served = async (): Promise<unknown> => {
  const { status, body } = await ask();
  if (status !== 200) return `${status} ${/\((.*)\)/.exec(body)?.[1]}`;
  return JSON.parse(body).inputs.map(({ tag }: { tag: string }) => tag);
};

describe("a cluster's inputs", () => {
  test("are what was selected at the first look, once it is verified; nobody is told of it", async () => {
    await at.sweep();
    const { body } = await ask();
    expect(JSON.parse(body)).toMatchObject({
      inputs: [
        { id: "ocirepository.app.apps", tag: "1.0.0", digest: digestOf("1.0.0"), issuer: "i", subject: "s" },
      ],
    });
    expect(at.sent).toEqual([]);
    expect(at.decisions()).toEqual(["ignore: baseline 1.0.0", "ignore: served 1.0.0"]);
    await at.sweep();
    expect(at.decisions()).toHaveLength(2);
  });

  test("follow each version that is verified, and not one that is not", async () => {
    await at.sweep();
    await at.publish("1.1.0");
    expect(await served()).toEqual(["1.1.0"]);
    await at.publish("1.2.0", "unsigned");
    expect(await served()).toEqual(["1.1.0"]);
    expect(at.decisions()).toContain("notify: verified 1.1.0");
  });

  test("count as heard where no Receiver reaches the object", async () => {
    at.world.subscriptions = [subscriptionOf({ receivers: [] })];
    await at.sweep();
    await at.publish("1.1.0");
    expect(at.decisions().at(-1)).toBe("notify: verified 1.1.0");
    expect(await served()).toEqual(["1.1.0"]);
    expect((await at.stateOf()).outbox).toEqual({});
  });

  test("leave out what was never verified", async () => {
    at.signed.set(digestOf("1.0.0"), "unsigned");
    await at.sweep();
    expect(await served()).toEqual([]);
  });

  test("leave out what is taken unverified because nobody has to sign it", async () => {
    at.world.requirement = { kind: "allowed" };
    await at.sweep();
    await at.publish("1.1.0");
    expect(at.decisions().at(-1)).toBe("notify: unverified-allowed 1.1.0");
    expect(await served()).toEqual([]);
  });

  test("are in doubt, not fewer, once the rules ask for something else", async () => {
    await at.sweep();
    expect(await served()).toEqual(["1.0.0"]);
    at.world.requirement = { kind: "rules", rules: [ruleOf("r2")] };
    expect(await served()).toBe("503 version-missing");
    await at.sweep();
    expect(await served()).toEqual(["1.0.0"]);
    at.world.requirement = { kind: "rules", rules: [ruleOf("r3")] };
    at.signed.set(digestOf("1.0.0"), "identity-mismatch");
    await at.sweep();
    expect((await at.stateOf()).approved).toBeUndefined();
    expect(await served()).toBe("503 version-missing");
  });

  test("are in doubt once the manifest selects differently, until that is verified", async () => {
    await at.sweep();
    await served();
    at.tags.set("3.0.0", digestOf("3.0.0"));
    at.world.subscriptions = [subscriptionOf({ selector: { kind: "tag", tag: "3.0.0" } })];
    expect(await served()).toBe("503 version-missing");
    await at.sweep();
    expect(await served()).toBe("503 version-missing");
    at.signed.set(digestOf("3.0.0"), "verified");
    await at.sweep();
    expect(await served()).toEqual(["3.0.0"]);
  });

  test("no longer hold an object that left the manifests", async () => {
    const second = subscriptionOf({ id: "second", object: { ...subscriptionOf().object, name: "second" } });
    at.world.subscriptions = [subscriptionOf(), second];
    await at.sweep();
    expect(await served()).toEqual(["1.0.0", "1.0.0"]);
    at.world.subscriptions = [subscriptionOf()];
    expect(await served()).toEqual(["1.0.0"]);
  });

  test("are refused beyond the provider's limit, where the operator would cut them off", async () => {
    await at.sweep();
    expect((await ask({ limit: 0 })).status).toBe(503);
  });

  test("are not served while observing", async () => {
    await at.sweep();
    at.world.mode = "observe";
    expect(await served()).toBe("503 observing");
  });

  test("are those of the cluster and its repositories alone", async () => {
    await at.sweep();
    expect(JSON.parse((await ask({ cluster: "d" })).body).inputs).toEqual([]);
    expect(JSON.parse((await ask({ serves: () => false })).body).inputs).toEqual([]);
  });
});

test.each([
  ["nothing", undefined, 401],
  ["another token", "Bearer other", 401],
  ["the token", "Bearer t0ken", 200],
  ["the older token", "Bearer older", 200],
  ["the token as password", `Basic ${Buffer.from("operator:t0ken").toString("base64")}`, 200],
])("who shows %s", async (_name, authorization, status) => {
  await at.sweep();
  const endpoint = authorization === undefined ? "" : authorization;
  expect((await ask({}, endpoint)).status).toBe(status);
  expect(at.told()).toEqual([]);
  expect((await at.stateOf()).outbox[RECEIVER]).toBeUndefined();
});

test("no two objects share an id", () => {
  const base = { apiVersion: "v1", kind: "OCIRepository" };
  expect(toInputId({ ...base, namespace: "a-b", name: "c" })).not.toBe(
    toInputId({ ...base, namespace: "a", name: "b-c" }),
  );
  expect(toInputId({ ...base, namespace: "a", name: "b.c" })).toBe("ocirepository.b.c.a");
});
