import { mkdir, writeFile } from "node:fs/promises";
import { generateEventSchemas, generateJsonSchema } from "./json-schema.ts";

const target = new URL("../../shared/config/sluice.schema.json", import.meta.url);
await writeFile(target, generateJsonSchema());

const folder = new URL("../../docs/events/", import.meta.url);
await mkdir(folder, { recursive: true });
for (const [name, text] of Object.entries(generateEventSchemas())) {
  await writeFile(new URL(`${name}.schema.json`, folder), text);
}
