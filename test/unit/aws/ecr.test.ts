import { ECRClient } from "@aws-sdk/client-ecr";
import { ECRPUBLICClient } from "@aws-sdk/client-ecr-public";
import { beforeEach, describe, expect, test } from "vitest";
import type { EcrClients } from "../../../shared/adapters/aws/ecr/clients.ts";
import { createEcrCredentials } from "../../../shared/adapters/aws/ecr/credentials.ts";
import { parseEcrHost } from "../../../shared/adapters/aws/ecr/host.ts";
import { withEcrTags } from "../../../shared/adapters/aws/ecr/tags.ts";
import { createMemoryRegistry } from "../../support/memory-registry.ts";
import { type AwsAnswer, type AwsRequest, startAwsDouble } from "./aws-double.ts";

describe("ECR's hosts", () => {
  test.each([
    ["123456789012.dkr.ecr.eu-central-1.amazonaws.com", "123456789012 eu-central-1"],
    ["123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "123456789012 us-gov-west-1"],
    ["123456789012.dkr-ecr.eu-west-1.on.aws", "123456789012 eu-west-1"],
    ["123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "123456789012 cn-north-1"],
    ["123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", "123456789012 eusc-de-east-1"],
    ["public.ecr.aws", "public"],
    // A token must go to nobody else.
    ["123456789012.dkr.ecr.eu-central-1.amazonaws.com.evil.example", "none"],
    ["evil.example/123456789012.dkr.ecr.eu-central-1.amazonaws.com", "none"],
    ["123456789012.dkr.ecr.eu-central-1.amazonaws.comx", "none"],
    ["123456789012.dkr.ecr.evil.example.amazonaws.com", "none"],
    ["1234.dkr.ecr.eu-central-1.amazonaws.com", "none"],
    ["xpublic.ecr.aws", "none"],
    ["ghcr.io", "none"],
  ])("%s is %s", (host, expected) => {
    const ecr = parseEcrHost(host);
    const found =
      ecr === undefined ? "none" : ecr.kind === "public" ? "public" : `${ecr.account} ${ecr.region}`;
    expect(found).toBe(expected);
  });
});

const PRIVATE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
const { signal } = new AbortController();
const START_MS = 1_700_000_000_000;

let answer: (request: AwsRequest) => AwsAnswer;
const double = await startAwsDouble((request) => answer(request));
const clients: EcrClients = {
  ecr: async (region) => new ECRClient(double.settings(region)),
  ecrPublic: async () => new ECRPUBLICClient(double.settings("us-east-1")),
};

beforeEach(() => {
  double.requests.length = 0;
});

const asked = () => double.requests.map(({ action, region }) => `${action} ${region}`);

describe("logins to ECR", () => {
  const createClock = () => {
    let nowMs = START_MS;
    return { nowMs: () => nowMs, advance: (ms: number) => (nowMs += ms) };
  };

  test.each([
    [PRIVATE, "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken eu-central-1"],
    ["public.ecr.aws", "SpencerFrontendService.GetAuthorizationToken us-east-1"],
  ])("%s is asked for where it is", async (host, call) => {
    const data = { authorizationToken: Buffer.from("AWS:password").toString("base64") };
    answer = () => ({ body: { authorizationData: host === PRIVATE ? [data] : data } });
    await createEcrCredentials(clients, createClock())(host, signal);
    expect(asked()).toEqual([call]);
  });

  test("are nobody's where ECR Public knows nobody, and are tried again later", async () => {
    answer = () => ({ status: 400, body: { __type: "AccessDeniedException", message: "no" } });
    const clock = createClock();
    const credentials = createEcrCredentials(clients, clock);
    expect(await credentials("public.ecr.aws", signal)).toBeUndefined();
    expect(await credentials("public.ecr.aws", signal)).toBeUndefined();
    expect(asked()).toHaveLength(1);
    clock.advance(300_000);
    await credentials("public.ecr.aws", signal);
    expect(asked()).toHaveLength(2);
  });
});

describe("tags of ECR", () => {
  const list = async (registry: string, repository: string) => {
    const memory = createMemoryRegistry();
    const reader = withEcrTags(
      {
        ...memory,
        async *listTags() {
          yield "by-the-registry";
        },
      },
      clients,
    );
    return Array.fromAsync(reader.listTags({ registry, repository }, signal));
  };

  test("come from DescribeImages, page by page, all of an image at once", async () => {
    answer = ({ body }) => ({
      body:
        body.nextToken === "next"
          ? { imageDetails: [{ imageTags: ["1.1.0"] }] }
          : { imageDetails: [{ imageTags: ["1.0.0", "latest"] }, {}], nextToken: "next" },
    });
    expect(await list(PRIVATE, "acme/app")).toEqual(["1.0.0", "latest", "1.1.0"]);
    expect(double.requests.map(({ body }) => body)).toEqual([
      {
        registryId: "123456789012",
        repositoryName: "acme/app",
        filter: { tagStatus: "TAGGED" },
        maxResults: 1_000,
      },
      expect.objectContaining({ nextToken: "next" }),
    ]);
  });

  test("come from DescribeImageTags for our own alias of ECR Public, from the registry for others'", async () => {
    answer = ({ action }) => ({
      body: action.endsWith("DescribeRegistries")
        ? { registries: [{ aliases: [{ name: "acme" }] }] }
        : { imageTagDetails: [{ imageTag: "2.0.0" }] },
    });
    expect(await list("public.ecr.aws", "acme/charts/app")).toEqual(["2.0.0"]);
    expect(double.requests.at(-1)?.body).toEqual({ repositoryName: "charts/app", maxResults: 1_000 });
    expect(await list("public.ecr.aws", "docker/library/nginx")).toEqual(["by-the-registry"]);
  });

  test("come from the registry everywhere else, and where nobody knows us", async () => {
    answer = () => ({ status: 400, body: { __type: "AccessDeniedException" } });
    expect(await list("ghcr.io", "acme/app")).toEqual(["by-the-registry"]);
    expect(asked()).toEqual([]);
    expect(await list("public.ecr.aws", "acme/app")).toEqual(["by-the-registry"]);
  });

  test("say what kept them from being read", async () => {
    answer = () => ({ status: 400, body: { __type: "RepositoryNotFoundException" } });
    await expect(list(PRIVATE, "acme/app")).rejects.toMatchObject({ code: "REGISTRY_UNAVAILABLE" });
  });
});
