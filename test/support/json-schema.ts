import { toJsonSchema } from "@valibot/to-json-schema";
import { configSchema } from "../../shared/config/schema.ts";
import { BUS_EVENTS } from "../../shared/telemetry/bus-events.ts";

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

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
  return `${JSON.stringify({ $schema: DIALECT, title: "sluice.yaml", ...schema }, null, 2)}\n`;
};

/** The JSON Schema of each event on a bus, by its name. */
export const generateEventSchemas = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(BUS_EVENTS).map(([name, schema]) => {
      const title = `Sluice ${name[0]?.toUpperCase()}${name.slice(1)}`;
      const json = toJsonSchema(schema, { target: "draft-2020-12" });
      return [name, `${JSON.stringify({ $schema: DIALECT, title, ...json }, null, 2)}\n`];
    }),
  );
