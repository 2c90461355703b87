import { describe, expect, test } from "vitest";
import { createClient } from "../index.ts";
import { createRegistry } from "../registry/create-registry.ts";
import { failure, pushImage, repository } from "./support/fixtures.ts";
import { createScriptedFetch, respond, respondJson } from "./support/scripted-fetch.ts";

const page = (tags: unknown, link?: string) =>
  respondJson(200, { name: "acme/app", tags }, link === undefined ? {} : { link: `<${link}>; rel="next"` });

const listFrom = (answer: (url: URL, n: number) => Response, limits = {}) => {
  const { fetch, seen } = createScriptedFetch(({ url }, n) => answer(url, n));
  return { work: Array.fromAsync(createClient({ fetch, limits }).listTags(repository)), seen };
};

describe("listTags", () => {
  test.each([1, 2, 3, 7, 100])("gives every tag once, %i to a page", async (pageSize) => {
    const client = createClient({ fetch: createRegistry().fetch });
    const tags = ["0.1.0", "1.0.0", "1.0.1", "latest", "v2", "v3"];
    for (const tag of tags) await pushImage(client, tag);
    expect(await Array.fromAsync(client.listTags(repository, { pageSize }))).toEqual(tags);
  });

  test("an unknown repository has none", async () => {
    const client = createClient({ fetch: createRegistry().fetch });
    expect(await Array.fromAsync(client.listTags(repository))).toEqual([]);
  });

  test("reads only the pages that are wanted", async () => {
    const { fetch, seen } = createScriptedFetch((_, n) => page([`t${n}`], `?last=t${n}`));
    for await (const tag of createClient({ fetch }).listTags(repository)) if (tag === "t2") break;
    expect(seen).toHaveLength(3);
  });

  test("more tags than the limit are refused, however many pages they come on", async () => {
    const ten = (n: number) => Array.from({ length: 10 }, (_, at) => `t${n}-${at}`);
    const pages = (count: number) =>
      listFrom((_, n) => page(ten(n), n + 1 < count ? `?last=${n}` : undefined), { tags: 30 }).work;
    expect(await pages(3)).toHaveLength(30);
    expect(await failure(pages(4))).toMatchObject({ code: "TOO_LARGE" });
  });

  test.each([null, undefined, []])("%j is an empty page", async (tags) => {
    expect(await listFrom(() => page(tags)).work).toEqual([]);
  });

  test("leaves out what is no tag", async () => {
    expect(
      await listFrom(() => page(["a", "../x", "", 5, null, "b+c", "x".repeat(129), "a", "b"])).work,
    ).toEqual(["a", "b"]);
  });

  test("a link is resolved against the page it came from", async () => {
    const { work, seen } = listFrom((_, n) => (n === 0 ? page(["a"], "list?n=1&last=a") : page(["b"])));
    expect(await work).toEqual(["a", "b"]);
    expect(seen[1]?.url.href).toBe("https://registry.example.com/v2/acme/app/tags/list?n=1&last=a");
  });

  // zot sends its link unescaped and takes tags outside the grammar.
  test("a last tag with a plus in it does not break the listing off", async () => {
    const { work } = listFrom((url) => {
      if (!url.searchParams.has("last"))
        return page(["1.0.0", "1.0.0+build"], "/v2/acme/app/tags/list?n=2&last=1.0.0+build");
      return url.searchParams.get("last") === "1.0.0+build" ? page(["2.0.0"]) : respond(404);
    });
    expect(await work).toEqual(["1.0.0", "2.0.0"]);
  });

  // zot answers 404 when the tag that `last` names was deleted meanwhile.
  test("a page that vanished starts the listing over, without doubles", async () => {
    const tags = ["a", "b", "c", "d"];
    const { work } = listFrom((url, n) => {
      if (n === 1) tags.splice(1, 1);
      const last = url.searchParams.get("last");
      if (last !== null && !tags.includes(last)) return respond(404);
      const rest = tags.filter((tag) => last === null || tag > last);
      return page(rest.slice(0, 2), rest.length > 2 ? `?n=2&last=${rest[1]}` : undefined);
    });
    expect(await work).toEqual(["a", "b", "c", "d"]);
  });

  test("pages that keep vanishing are an error, not the end", async () => {
    const { work, seen } = listFrom((url) =>
      url.searchParams.has("last") ? respond(404) : page(["a"], "?last=a"),
    );
    expect((await failure(work)).code).toBe("PAGING_REFUSED");
    expect(seen.length).toBeLessThan(10);
  });

  test.each([
    ["in a circle", (_: URL, n: number) => page([`t${n}`], n % 2 === 0 ? "?last=x" : "?last=y")],
    ["to itself", (url: URL) => page(["a"], url.href)],
    ["to another host", () => page(["a"], "https://evil.example/v2/acme/app/tags/list")],
    ["to plain HTTP", () => page(["a"], "http://registry.example.com/v2/acme/app/tags/list")],
  ])("a link %s is refused", async (_, answer) => {
    const { work, seen } = listFrom(answer);
    expect((await failure(work)).code).toBe("PAGING_REFUSED");
    expect(seen.length).toBeLessThan(5);
  });

  test("pages without end end", async () => {
    const { work, seen } = listFrom((_, n) => page([`t${n}`], `?last=t${n}`), { tagPages: 9 });
    expect((await failure(work)).code).toBe("PAGING_REFUSED");
    expect(seen).toHaveLength(9);
  });

  test.each([
    ["{", "RESPONSE_MALFORMED"],
    ['{"tags":"x"}', "RESPONSE_MALFORMED"],
    ["[]", "RESPONSE_MALFORMED"],
  ])("the body %s is %s", async (body, code) => {
    expect((await failure(listFrom(() => respond(200, body)).work)).code).toBe(code);
  });

  test("a failing page is an error, after the tags before it were given", async () => {
    const { fetch } = createScriptedFetch((_, n) => (n === 0 ? page(["a"], "?last=a") : respond(503)));
    const got: string[] = [];
    const read = async (): Promise<void> => {
      for await (const tag of createClient({ fetch }).listTags(repository)) got.push(tag);
    };
    expect((await failure(read())).code).toBe("UNAVAILABLE");
    expect(got).toEqual(["a"]);
  });
});
