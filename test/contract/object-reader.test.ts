import { S3Client } from "@aws-sdk/client-s3";
import { BlobClient } from "@azure/storage-blob";
import { withCappedAnswers } from "../../shared/adapters/aws/client-settings.ts";
import { createS3Objects } from "../../shared/adapters/aws/s3-objects.ts";
import { openBlobObjects } from "../../shared/adapters/azure/blob-objects.ts";
import { createCloudStorageReader } from "../../shared/adapters/gcp/cloud-storage.ts";
import { createGoogleApi } from "../../shared/adapters/gcp/google-api.ts";
import { Secret } from "../../shared/artifact/secret.ts";
import type { ObjectReader } from "../../shared/ports.ts";
import type { ServiceReply, ServiceRequest } from "../support/service-double.ts";
import { awsSettings, json, LEAK, startMoodyService } from "./moods.ts";
import { describeRemoteObjects } from "./object-reader.suite.ts";

/** How one storage gives objects. */
interface Wire {
  urlOf(name: string): string;
  readonly foreign: readonly string[];
  nameOf(request: ServiceRequest): string;
  found?(request: ServiceRequest, bytes: Uint8Array): ServiceReply;
  /** Without which its client does not begin to read. */
  readonly endlessHeaders?: Readonly<Record<string, string>>;
  readonly absent: ServiceReply;
  readonly denied: ServiceReply;
  open(url: string): ObjectReader;
}

const xml = (status: number, code: string): ServiceReply => ({
  status,
  headers: { "content-type": "application/xml", "x-ms-error-code": code },
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${LEAK}</Message></Error>`,
});

const s3: Wire = {
  urlOf: (name) => `s3://bucket/${name}`,
  foreign: [
    "gs://bucket/key",
    "https://bucket.s3.amazonaws.com/key",
    "s3://bucket",
    "s3://Bucket/key",
    "s3:///key",
  ],
  nameOf: ({ target }) => decodeURIComponent(/^\/bucket\/([^?]*)/.exec(target)?.[1] ?? ""),
  absent: xml(404, "NoSuchKey"),
  denied: xml(403, "AccessDenied"),
  open: (url) =>
    createS3Objects(async () =>
      withCappedAnswers(new S3Client({ ...awsSettings(url), forcePathStyle: true }), 1_000_000),
    ),
};

const ACCOUNT = "https://acme.blob.core.windows.net";

/** As Blob Storage does: part of it, and nothing behind the end. */
const ranged = ({ headers }: ServiceRequest, bytes: Uint8Array): ServiceReply => {
  const [, first = "0", last = ""] = /^bytes=(\d+)-(\d*)$/.exec(String(headers["x-ms-range"])) ?? [];
  if (Number(first) >= bytes.byteLength) return xml(416, "InvalidRange");
  const part = bytes.slice(Number(first), last === "" ? undefined : Number(last) + 1);
  const range = `bytes ${first}-${Number(first) + part.byteLength - 1}/${bytes.byteLength}`;
  return { status: 206, headers: { "content-range": range, etag: '"1"' }, body: part };
};

const blob: Wire = {
  urlOf: (name) => `${ACCOUNT}/sluice/${encodeURIComponent(name).replaceAll("%2F", "/")}`,
  foreign: [
    "s3://bucket/key",
    "http://acme.blob.core.windows.net/sluice/a",
    "https://acme.blob.core.windows.net.evil.example/sluice/a",
    "https://evil.example/acme.blob.core.windows.net",
    "https://acme.blob.core.windows.net@evil.example/a",
    "https://user@acme.blob.core.windows.net/a",
    "https://acme.blob.core.windows.net:8443/a",
    `${ACCOUNT}/sluice/a?sig=${LEAK}`,
  ],
  nameOf: ({ target }) => decodeURIComponent(/^\/sluice\/([^?]*)/.exec(target)?.[1] ?? ""),
  found: ranged,
  endlessHeaders: { "content-length": String(2 ** 40) },
  absent: xml(404, "BlobNotFound"),
  denied: xml(403, "AuthorizationPermissionMismatch"),
  open: (service) =>
    openBlobObjects(
      async () => ({ value: new Secret(LEAK), expiresAtMs: Number.POSITIVE_INFINITY }),
      // Tokens go over TLS alone, and there is none on loopback.
      (url) => new BlobClient(url.replace(ACCOUNT, service), undefined, { retryOptions: { maxTries: 1 } }),
    ),
};

const cloudStorage: Wire = {
  urlOf: (name) => `gs://bucket/${name}`,
  foreign: ["s3://bucket/key", "https://storage.googleapis.com/bucket/key", "gs://bucket", "gs://../key"],
  nameOf: ({ target }) => decodeURIComponent(/\/b\/bucket\/o\/([^?/]*)\?alt=media$/.exec(target)?.[1] ?? ""),
  absent: json(404, { error: { code: 404, message: "No such object" } }),
  denied: json(403, { error: { code: 403, message: `${LEAK} does not have storage.objects.get` } }),
  open: (baseUrl) =>
    createCloudStorageReader({
      api: createGoogleApi({ fetch, token: async () => new Secret(LEAK) }),
      baseUrl,
    }),
};

for (const [name, wire] of Object.entries({ S3: s3, "Blob Storage": blob, "Cloud Storage": cloudStorage })) {
  const { urlOf, foreign, nameOf, found, absent, denied, endlessHeaders, open } = wire;
  describeRemoteObjects(name, foreign, async () => {
    const kept = new Map<string, Uint8Array>();
    const service = await startMoodyService((request, mood) => {
      if (mood === "denies") return denied;
      const bytes = kept.get(nameOf(request));
      if (bytes === undefined) return absent;
      const reply = found?.(request, bytes) ?? { body: bytes };
      return mood === "endless" ? { ...reply, headers: { ...reply.headers, ...endlessHeaders } } : reply;
    });
    return {
      objects: open(service.double.url),
      service,
      urlOf,
      put: async (object, bytes) => {
        kept.set(object, bytes);
      },
      close: () => service.double.close(),
    };
  });
}
