import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { registerParse } from "../../../shared/cli/commands/parse.ts";
import { registerSources } from "../../../shared/cli/commands/sources.ts";
import { SOURCES } from "../../../shared/push/sources.ts";
import { supportMatrix, toMarkdownMatrix } from "../../../shared/push/support-matrix.ts";
import { runSluice } from "../../support/cli.ts";

const FIXTURES = new URL("../../fixtures/events/", import.meta.url);
const fixture = (file: string) => readFile(new URL(file, FIXTURES), "utf8");

const parse = (stdin: string, ...argv: readonly string[]) =>
  runSluice(["parse", ...argv], { commands: [registerParse], stdin, nowMs: 1_790_000_000_000 });

describe("a body is read as its source says", () => {
  test("pushes come as a JSON array, absent fields left out", async () => {
    const { code, stdout, stderr } = await parse(
      await fixture("distribution/v3-tag.json"),
      "--source",
      "distribution",
    );
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toEqual([
      {
        source: "distribution",
        kind: "artifact",
        registry: "registry.shop.example:5000",
        repository: "shop/cart",
        tag: "1.4.1",
        digest: "sha256:b7f6a2c4d090794816b943e296f80a12737f7430a70de0b7711931496d6e0900",
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        id: expect.any(String),
      },
    ]);
  });

  test("headers are part of the event for those that put it there", async () => {
    const headers = ["--header", "X-GitHub-Event=package", "--header", "X-GitHub-Delivery=d-1"];
    const { code, stdout } = await parse(
      await fixture("ghcr/package-tag.json"),
      "--source",
      "ghcr",
      ...headers,
    );
    expect([code, JSON.parse(stdout)[0].kind]).toEqual([0, "artifact"]);
  });

  test("--registry replaces the host of the event", async () => {
    const body = await fixture("distribution/v3-tag.json");
    const { stdout } = await parse(body, "--source", "distribution", "--registry", "pull.example");
    expect(JSON.parse(stdout)[0].registry).toBe("pull.example");
  });
});

describe("--secret: the sender is authenticated, on the raw bytes", () => {
  const body = '{"zen":"é"}\n';
  const sign = (secret: string) => `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
  const ghcr = ["--source", "ghcr", "--header", "X-GitHub-Event=ping"];

  test.each([
    ["the right signature", ["--header", `X-Hub-Signature-256=${sign("s")}`, "--secret", "s"], 0],
    [
      "one of two secrets",
      ["--header", `X-Hub-Signature-256=${sign("s")}`, "--secret", "t", "--secret", "s"],
      0,
    ],
    ["another secret", ["--header", `X-Hub-Signature-256=${sign("x")}`, "--secret", "s"], 1],
    ["no signature", ["--secret", "s"], 1],
    ["no check asked for", [], 0],
  ])("%s", async (_, options, code) => {
    expect((await parse(body, ...ghcr, ...options)).code).toBe(code);
  });

  test("a plain secret, by the header that carries it", async () => {
    const event = await fixture("harbor/default-tag.json");
    const harbor = ["--source", "harbor", "--secret", "s3cret"];
    expect((await parse(event, ...harbor, "--header", "Authorization=s3cret")).code).toBe(0);
    const named = ["--secret-header", "X-Key", "--header", "X-Key=s3cret"];
    expect((await parse(event, ...harbor, ...named)).code).toBe(0);
    expect(await parse(event, ...harbor, "--header", "Authorization=wrong")).toEqual({
      code: 1,
      stdout: "",
      stderr: "sluice: harbor: not authentic: secret-wrong\n",
    });
  });

  test("a secret that is the last part of the address", async () => {
    const event = await fixture("dockerhub/push.json");
    const dockerhub = ["--source", "dockerhub", "--secret", "s3cret"];
    expect((await parse(event, ...dockerhub, "--path", "/events/dockerhub/s3cret")).code).toBe(0);
    expect((await parse(event, ...dockerhub)).code).toBe(1);
  });

  test("the reason comes as JSON too", async () => {
    const { code, stdout } = await parse(body, ...ghcr, "--secret", "s", "--json");
    expect([code, JSON.parse(stdout)]).toEqual([
      1,
      { error: { code: "PUSH_UNAUTHENTIC", message: "ghcr: not authentic: signature-missing" } },
    ]);
  });
});

describe("what cannot be read", () => {
  test.each([
    ["not JSON", "{", "PUSH_MALFORMED"],
    ["another shape", '{"events":1}', "PUSH_MALFORMED"],
    ["deep nesting", "[".repeat(10_000), "PUSH_TOO_LARGE"],
    ["10 MiB", " ".repeat(10 * 1_048_576), "PUSH_TOO_LARGE"],
  ])("%s: exit code 1 and one line", async (_, body, code) => {
    const people = await parse(body, "--source", "distribution");
    expect([people.code, people.stdout]).toEqual([1, ""]);
    expect(people.stderr).toMatch(/^sluice: distribution: .*\n$/);
    const json = await parse(body, "--source", "distribution", "--json");
    expect(JSON.parse(json.stdout).error.code).toBe(code);
  });

  test("a header that is missing is asked for", async () => {
    const { code, stderr } = await parse("{}", "--source", "zot");
    expect([code, stderr]).toEqual([
      1,
      "sluice: zot: header ce-type is missing; give what the request had with --header name=value\n",
    ]);
  });

  test.each<[string[], RegExp, string?]>([
    [
      ["--source", "zot"],
      /^sluice: standard input is empty; write sluice parse --source zot < event\.json\n$/,
      "",
    ],
    [["--source", "habor"], /^sluice: unknown source habor; did you mean harbor\? Known: ecr, /],
    [["--source", "nope"], /^sluice: unknown source nope\. Known: ecr, /],
    [[], /^sluice: required option '--source <name>' not specified; see `sluice parse --help`\n$/],
    [["--source", "zot", "--header", "novalue"], /^sluice: --header novalue: write it as name=value\n$/],
  ])("%j is a usage error", async (argv, line, body = "{}") => {
    const { code, stderr } = await parse(body, ...argv);
    expect(code).toBe(2);
    expect(stderr).toMatch(line);
  });
});

describe("sluice sources", () => {
  const sources = (...argv: readonly string[]) =>
    runSluice(["sources", ...argv], { commands: [registerSources] });

  test("lists every source by the name that sluice.yaml and parse take", async () => {
    const names = Object.keys(SOURCES);
    const { stdout } = await sources("--json");
    expect(JSON.parse(stdout).map(({ name }: { name: string }) => name)).toEqual(names);
    const lines = (await sources()).stdout.trim().split("\n").slice(1);
    expect(lines.map((line) => line.split(" ")[0])).toEqual(names);
  });

  test("--markdown is the README's table", async () => {
    expect((await sources("--markdown")).stdout).toBe(`${toMarkdownMatrix(supportMatrix())}\n`);
  });
});
