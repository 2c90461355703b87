import { resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { createGuardedFetch } from "../../shared/adapters/node/guarded-fetch.ts";
import { createNodeSecrets } from "../../shared/adapters/node/secrets.ts";
import type { NotifyPorts } from "../../shared/cli/commands/notify.ts";
import { PRIVATE_NETWORKS } from "../wiring/receivers/private-networks.ts";

const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_LINE_CHARACTERS = 300;

/** Secrets and HTTP for `sluice notify`. A person names the address, so it may be inside. */
export const createNotifyPorts = (env: Readonly<Record<string, string | undefined>>): NotifyPorts => ({
  readSecret: ({ cwd }, ref) =>
    createNodeSecrets(env).read("file" in ref ? { file: resolve(cwd, ref.file) } : ref),
  async post(url, { headers, body }, signal) {
    const { fetch, close } = createGuardedFetch({
      allow: PRIVATE_NETWORKS,
      maxResponseBytes: MAX_ANSWER_BYTES,
    });
    try {
      const sent = new Uint8Array(body);
      const response = await fetch(url, { method: "POST", headers, body: sent, signal });
      const retryAfter = response.headers.get("retry-after");
      const [line = ""] = (await response.text()).split("\n", 1);
      return {
        status: response.status,
        line: line.slice(0, MAX_LINE_CHARACTERS),
        ...(retryAfter === null ? {} : { retryAfter }),
      };
    } finally {
      await close();
    }
  },
  sleep: (ms, signal) => wait(ms, undefined, { signal }),
});
