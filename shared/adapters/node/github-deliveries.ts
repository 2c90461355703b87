import { PipelineError } from "../../errors.ts";
import type { SecretRef, SecretSource, SenderDeliveries, SentDelivery } from "../../ports.ts";

export interface GitHubHook {
  /** `https://api.github.com/orgs/<org>/hooks/<id>` or `…/repos/<owner>/<name>/hooks/<id>`. */
  readonly url: string;
  readonly token: SecretRef;
}

/** The events that announce packages; whatever else the hook sends is not ours. */
const EVENTS: ReadonlySet<unknown> = new Set(["package", "registry_package"]);
const PAGE_SIZE = 100;
const MAX_PAGES = 50;
const TIMEOUT_MS = 30_000;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

const isSuccess = ({ status, status_code: code }: Readonly<Record<string, unknown>>): boolean =>
  status === "OK" || (typeof code === "number" && code >= 200 && code < 300);

/** Undefined for what is not of that shape. */
const toDelivery = (value: unknown): (SentDelivery & { readonly event: unknown }) | undefined => {
  if (!isRecord(value)) return undefined;
  const { id, guid, delivered_at: at } = value;
  const atMs = typeof at === "string" ? Date.parse(at) : Number.NaN;
  if (typeof id !== "number" || typeof guid !== "string" || Number.isNaN(atMs)) return undefined;
  return { id: `${id}`, eventId: guid, event: value.event, atMs, succeeded: isSuccess(value) };
};

/** Only the cursor is taken: another address would be asked with our token. */
const cursorOf = (link: string | null): string | undefined => {
  const [, target = ""] = /<([^>]+)>;\s*rel="next"/.exec(link ?? "") ?? [];
  return URL.canParse(target) ? (new URL(target).searchParams.get("cursor") ?? undefined) : undefined;
};

/** What a GitHub webhook tried to deliver, by GitHub's REST API. The token needs the hook's administration. */
export const createGitHubDeliveries = (
  { url, token }: GitHubHook,
  fetch: typeof globalThis.fetch,
  secrets: SecretSource,
): SenderDeliveries => {
  const ask = async (method: "GET" | "POST", address: string, signal: AbortSignal): Promise<Response> => {
    const { host } = new URL(url);
    const headers = {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${(await secrets.read(token)).reveal()}`,
      "user-agent": "sluice",
      "x-github-api-version": "2022-11-28",
    };
    const within = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const response = await fetch(address, { method, headers, signal: within }).catch((cause: unknown) => {
      throw new PipelineError(`${host}: no answer`, { code: "SENDER_UNAVAILABLE", cause });
    });
    if (response.ok) return response;
    await response.body?.cancel();
    const message = `${host} answered ${response.status} to ${method} deliveries of the hook`;
    throw new PipelineError(message, { code: "SENDER_UNAVAILABLE" });
  };

  const fetchPage = async (cursor: string | undefined, signal: AbortSignal) => {
    const query = new URLSearchParams({
      per_page: `${PAGE_SIZE}`,
      ...(cursor === undefined ? {} : { cursor }),
    });
    const response = await ask("GET", `${url}/deliveries?${query}`, signal);
    const body: unknown = await response.json().catch(() => undefined);
    if (!Array.isArray(body)) {
      throw new PipelineError(`${new URL(url).host}: not a list of deliveries`, {
        code: "SENDER_UNAVAILABLE",
      });
    }
    const deliveries = body.map(toDelivery).filter((one) => one !== undefined);
    return { deliveries, next: cursorOf(response.headers.get("link")) };
  };

  return {
    async *list(sinceMs, signal) {
      let cursor: string | undefined;
      for (let page = 0; page < MAX_PAGES; page++) {
        const { deliveries, next } = await fetchPage(cursor, signal);
        yield* deliveries.filter(({ atMs, event }) => atMs >= sinceMs && EVENTS.has(event));
        const isOlder = deliveries.some(({ atMs }) => atMs < sinceMs);
        if (next === undefined || isOlder) return;
        cursor = next;
      }
    },
    async redeliver(id, signal) {
      const response = await ask("POST", `${url}/deliveries/${encodeURIComponent(id)}/attempts`, signal);
      await response.body?.cancel();
    },
  };
};
