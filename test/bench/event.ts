/** What a registry announces. */
export interface Announcement {
  readonly id: string;
  readonly host: string;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

export const EVENT_PATH = "/events/distribution";
export const EVENT_TYPE = "application/vnd.docker.distribution.events.v2+json";

/** One event of the size and form that CNCF Distribution v3 sends. */
export const toEnvelope = ({ id, host, repository, tag, digest }: Announcement): string =>
  JSON.stringify({
    events: [
      {
        id,
        timestamp: "2026-01-02T03:04:05.678901234Z",
        action: "push",
        target: {
          mediaType: "application/vnd.oci.image.manifest.v1+json",
          digest,
          size: 1_184,
          length: 1_184,
          repository,
          url: `http://${host}/v2/${repository}/manifests/${digest}`,
          tag,
        },
        request: {
          id: "0f0b1a3e-7d55-4f0c-8f43-0f6a8f1f6c11",
          addr: "10.1.2.3:48212",
          host,
          method: "PUT",
          useragent: "cosign/v3.0.2 (linux; amd64) go-containerregistry/v0.20.6",
        },
        actor: { name: "ci" },
        source: { addr: "registry-7f9c:5000", instanceID: "3b7a5a3e-6f5e-4a39-9a55-2f0d7f1c9d11" },
      },
    ],
  });
