import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { generateJsonSchema } from "../../support/json-schema.ts";

const committed = await readFile(
  new URL("../../../shared/config/sluice.schema.json", import.meta.url),
  "utf8",
);

test("the committed JSON Schema is the one that the code generates (npm run schema)", () => {
  expect(JSON.parse(committed)).toEqual(JSON.parse(generateJsonSchema()));
});

test("it refuses unknown keys everywhere and explains both modes", () => {
  const schema = JSON.parse(committed);
  const open: string[] = [];
  const walk = (node: unknown, path: string): void => {
    if (typeof node !== "object" || node === null) return;
    if ("properties" in node && (node as { additionalProperties?: unknown }).additionalProperties !== false) {
      open.push(path);
    }
    for (const [key, child] of Object.entries(node)) walk(child, `${path}/${key}`);
  };
  walk(schema, "");
  expect(open).toEqual([]);
  expect(schema.properties.mode.description).toMatch(/observe: .*send nothing.* enforce: .*poke/);
});
