import { toJsonSchema } from "@valibot/to-json-schema";
import { configSchema } from "../../shared/config/schema.ts";

/** The JSON Schema that editors check `sluice.yaml` with, as text. Checks that need code (patterns, names) stay with `parseConfig`. */
export const generateJsonSchema = (): string => {
  const schema = toJsonSchema(configSchema, {
    target: "draft-2020-12",
    typeMode: "input",
    // Checks by function have no counterpart in JSON Schema; the one on sections becomes additionalProperties.
    ignoreActions: ["check", "raw_check"],
    overrideSchema: ({ valibotSchema, jsonSchema }) =>
      valibotSchema.type === "loose_object" ? { ...jsonSchema, additionalProperties: false } : undefined,
  });
  return `${JSON.stringify({ $schema: "https://json-schema.org/draft/2020-12/schema", title: "sluice.yaml", ...schema }, null, 2)}\n`;
};
