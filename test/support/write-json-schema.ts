import { writeFile } from "node:fs/promises";
import { generateJsonSchema } from "./json-schema.ts";

const target = new URL("../../shared/config/sluice.schema.json", import.meta.url);
await writeFile(target, generateJsonSchema());
