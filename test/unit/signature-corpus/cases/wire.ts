import { createClient } from "oras-js";
import { createOrasRegistryReader } from "../../../../shared/adapters/node/oras-registry.ts";
import { toRegistryFetch } from "../../../support/registry-fetch.ts";
import { ALL, BUNDLES, type Change, type CorpusCase, type Expected, type Format } from "../corpus-case.ts";
import { REPOSITORY } from "../world.ts";

type Fetch = typeof globalThis.fetch;

/** What a hostile registry, or somebody on the way to it, makes of one request. */
type Hostility = (url: URL, request: Request, honest: () => Promise<Response>) => Promise<Response>;

const PATIENT_MS = 20_000;
/** For answers that never come: how long is waited for them changes nothing. */
const IMPATIENT_MS = 50;

/** The production client over a registry on the wire; it has credentials that are for this registry alone. */
const overWire =
  (hostility: Hostility, timeoutMs = PATIENT_MS): Change =>
  () => ({
    toReader: (honest) => {
      const serve = toRegistryFetch(honest, REPOSITORY.registry);
      const fetch: Fetch = (input, init) => {
        const request = new Request(input, init);
        return hostility(new URL(request.url), request, () => serve(input, init));
      };
      const client = createClient({
        fetch,
        timeoutMs,
        credentials: async (registry) =>
          registry === REPOSITORY.registry ? { username: "robot", password: "secret" } : undefined,
      });
      return createOrasRegistryReader(client);
    },
  });

const honestly: Hostility = (_url, _request, honest) => honest();

const honestWire = overWire(honestly);

const wire = (
  attackClass: number,
  name: string,
  expected: Expected,
  hostility: Hostility,
  formats: readonly Format[] = ALL,
): CorpusCase => ({
  attackClass,
  name: `over the wire: ${name}`,
  formats,
  expected,
  setup: honestWire,
  attack: overWire(hostility),
});

const isBlob = (url: URL): boolean => url.pathname.includes("/blobs/");
const isReferrers = (url: URL): boolean => url.pathname.includes("/referrers/");
const isEvidenceManifest = (url: URL): boolean => url.pathname.includes("/manifests/");

const redirect = (location: string): Response => new Response(null, { status: 307, headers: { location } });

const challenge = (realm: string): Response =>
  new Response("{}", {
    status: 401,
    headers: {
      "www-authenticate": `Bearer realm="${realm}",service="registry.example",scope="repository:acme/app:pull"`,
    },
  });

const append = async (response: Response, text: string): Promise<Response> =>
  new Response(Buffer.concat([Buffer.from(await response.arrayBuffer()), Buffer.from(text)]), {
    headers: response.headers,
  });

const endless = (): Response => {
  const chunk = Buffer.alloc(64 * 1024, 0x20);
  return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(chunk) }));
};

const stalled = (): Response =>
  new Response(new ReadableStream({ pull: () => new Promise(() => undefined) }));

/** Gives a token to whoever asks, and the evidence to whoever brings a token: refusing to ask is the only way out. */
const needsTokenFrom =
  (realm: string): Hostility =>
  async (url, request, honest) => {
    if (url.href.startsWith(realm)) return Response.json({ token: "given" });
    return request.headers.has("authorization") ? honest() : challenge(realm);
  };

/** Sends blobs elsewhere; that other place serves them unless it was handed credentials. */
const storedAt =
  (origin: string): Hostility =>
  async (url, request, honest) => {
    if (url.origin === origin) {
      return request.headers.has("authorization") ? new Response(null, { status: 403 }) : honest();
    }
    return isBlob(url) ? redirect(`${origin}${url.pathname}`) : honest();
  };

/** What was checked is what is used: the bytes are not fetched a second time. */
const servesOnce = (): Hostility => {
  const served = new Set<string>();
  return async (url, _request, honest) => {
    if (!isBlob(url)) return honest();
    if (served.has(url.href)) return append(await honest(), " ");
    served.add(url.href);
    return honest();
  };
};

const UNAVAILABLE = "throws REGISTRY_UNAVAILABLE";
const DENIED = "throws REGISTRY_DENIED";
const MISMATCH = "throws REGISTRY_DIGEST_MISMATCH";

export const wireCases: readonly CorpusCase[] = [
  wire(18, "blob with bytes added", MISMATCH, async (url, _request, honest) =>
    isBlob(url) ? append(await honest(), " ") : honest(),
  ),
  wire(
    18,
    "referrer with bytes added",
    MISMATCH,
    async (url, _request, honest) => (isEvidenceManifest(url) ? append(await honest(), " ") : honest()),
    BUNDLES,
  ),
  wire(18, "header that calls the manifest by another digest", "verified", async (url, _request, honest) => {
    const response = await honest();
    if (isEvidenceManifest(url)) response.headers.set("docker-content-digest", `sha256:${"0".repeat(64)}`);
    return response;
  }),
  wire(18, "blob that is right the first time and wrong ever after", "verified", servesOnce()),
  wire(31, "blobs on another host, which gets no credentials", "verified", storedAt("https://cdn.example")),
  wire(31, "redirect to the cloud's metadata address", UNAVAILABLE, async (url, _request, honest) =>
    isBlob(url) ? redirect("http://169.254.169.254/latest/meta-data/") : honest(),
  ),
  wire(31, "redirect to this machine", UNAVAILABLE, async (url, _request, honest) =>
    isBlob(url) ? redirect("https://127.0.0.1/v2/") : honest(),
  ),
  wire(31, "redirect in a circle", UNAVAILABLE, async (url, _request, honest) =>
    isBlob(url) ? redirect(url.href) : honest(),
  ),
  wire(31, "redirect to a file", UNAVAILABLE, async (url, _request, honest) =>
    isBlob(url) ? redirect("file:///etc/passwd") : honest(),
  ),
  wire(
    31,
    "token end point of the registry's own",
    "verified",
    needsTokenFrom("https://registry.example/token"),
  ),
  wire(31, "token end point of a stranger", DENIED, needsTokenFrom("https://evil.test/token")),
  wire(
    31,
    "token end point whose name only ends like the registry's",
    DENIED,
    needsTokenFrom("https://evilregistry.example/token"),
  ),
  wire(31, "token end point without TLS", DENIED, needsTokenFrom("http://registry.example/token")),
  wire(31, "token end point at the metadata address", DENIED, needsTokenFrom("http://169.254.169.254/token")),
  wire(
    23,
    "pages of referrers that lead in a circle",
    UNAVAILABLE,
    async (url, _request, honest) => {
      const response = await honest();
      if (isReferrers(url)) response.headers.set("link", `<${url.pathname}?page=1>; rel="next"`);
      return response;
    },
    BUNDLES,
  ),
  wire(
    23,
    "pages of referrers without end",
    "evidence-too-large",
    async (url, _request, honest) => {
      const response = await honest();
      const page = Number(url.searchParams.get("page") ?? 0);
      if (isReferrers(url)) response.headers.set("link", `<${url.pathname}?page=${page + 1}>; rel="next"`);
      return response;
    },
    BUNDLES,
  ),
  wire(
    23,
    "next page of referrers on another host",
    UNAVAILABLE,
    async (url, _request, honest) => {
      const response = await honest();
      if (isReferrers(url)) response.headers.set("link", '<https://evil.test/v2/x>; rel="next"');
      return response;
    },
    BUNDLES,
  ),
  wire(23, "blob without end", "evidence-too-large", async (url, _request, honest) =>
    isBlob(url) ? endless() : honest(),
  ),
  wire(23, "manifest without end", "evidence-too-large", async (url, _request, honest) =>
    isEvidenceManifest(url) ? endless() : honest(),
  ),
  {
    attackClass: 23,
    name: "over the wire: blob that never comes",
    formats: ALL,
    expected: UNAVAILABLE,
    setup: honestWire,
    attack: overWire(async (url, _request, honest) => (isBlob(url) ? stalled() : honest()), IMPATIENT_MS),
  },
  wire(32, "registry that answers with a web page", UNAVAILABLE, async (url, _request, honest) =>
    isEvidenceManifest(url) ? new Response("<html>", { status: 502 }) : honest(),
  ),
  wire(32, "registry that hangs up", UNAVAILABLE, async (url, _request, honest) => {
    if (isBlob(url)) throw new TypeError("fetch failed");
    return honest();
  }),
];
