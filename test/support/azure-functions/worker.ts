import { randomUUID } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import Module from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** A value on its way between host and worker; the parts of the protocol that our triggers use. */
export interface RpcData {
  readonly string?: string;
  readonly json?: string;
  readonly bytes?: Uint8Array;
  readonly http?: RpcHttp;
}

export interface RpcHttp {
  readonly url?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly statusCode?: string;
  readonly body?: RpcData;
}

export interface Binding {
  readonly type: string;
  readonly direction?: string;
  readonly queueName?: string;
  readonly schedule?: string;
  readonly route?: string;
  readonly methods?: readonly string[];
  readonly authLevel?: string;
  readonly connection?: string;
}

interface Metadata {
  readonly name: string;
  readonly bindings: Readonly<Record<string, Binding>>;
}

interface InvocationModel {
  getArguments(): Promise<{ readonly context: unknown; readonly inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], handler: unknown): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<{ readonly returnValue?: RpcData }>;
}

interface ProgrammingModel {
  getInvocationModel(core: unknown): InvocationModel;
}

export interface RegisteredFunction {
  readonly name: string;
  readonly trigger: Binding;
  /** Goes through the library's own conversions, both ways. Throws what the handler throws. */
  invoke(data: RpcData, metadata?: Readonly<Record<string, RpcData>>): Promise<RpcData | undefined>;
}

const toRegistered = (
  metadata: Metadata,
  handler: unknown,
  modelOf: () => ProgrammingModel,
): RegisteredFunction => {
  const found = Object.entries(metadata.bindings).find(([, { type }]) => type.endsWith("Trigger"));
  if (found === undefined) throw new Error(`${metadata.name} has no trigger`);
  const [bindingName, trigger] = found;
  return {
    name: metadata.name,
    trigger,
    async invoke(data, triggerMetadata = {}) {
      const invocationId = randomUUID();
      const model = modelOf().getInvocationModel({
        invocationId,
        metadata,
        request: { inputData: [{ name: bindingName, data }], triggerMetadata },
        log: () => {},
      });
      const { context, inputs } = await model.getArguments();
      const result = await model.invokeFunction(context, inputs, handler);
      return (await model.getResponse(context, result)).returnValue;
    },
  };
};

/**
 * Loads a function app as the Node.js worker of Azure Functions does: `@azure/functions-core`, which is no package,
 * is what the worker answers to `require`; then every file that the manifest's `main` matches.
 */
export const loadFunctionApp = async (folder: string): Promise<readonly RegisteredFunction[]> => {
  let model: ProgrammingModel | undefined;
  const functions: RegisteredFunction[] = [];
  const modelOf = (): ProgrammingModel => {
    if (model === undefined) throw new Error("the app set no programming model");
    return model;
  };
  const core = {
    version: "3.12.0",
    hostVersion: "4.1041.0",
    setProgrammingModel: (chosen: ProgrammingModel) => {
      model = chosen;
    },
    getProgrammingModel: () => model,
    registerFunction: (metadata: Metadata, handler: unknown) => {
      functions.push(toRegistered(metadata, handler, modelOf));
    },
    registerHook: () => {},
    log: () => {},
  };
  const require = Module.prototype.require;
  Module.prototype.require = new Proxy(require, {
    apply: (target, self, args: [string]) =>
      args[0] === "@azure/functions-core" ? core : Reflect.apply(target, self, args),
  });
  const { main } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { main: string };
  const files = globSync(main, { cwd: folder }).sort();
  if (files.length === 0) throw new Error(`${folder}: no file matches ${main}`);
  for (const file of files) await import(pathToFileURL(join(folder, file)).href);
  return functions;
};
