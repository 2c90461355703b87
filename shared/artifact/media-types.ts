export const MEDIA_TYPE = {
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociIndex: "application/vnd.oci.image.index.v1+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerManifestList: "application/vnd.docker.distribution.manifest.list.v2+json",
  ociEmpty: "application/vnd.oci.empty.v1+json",
  helmConfig: "application/vnd.cncf.helm.config.v1+json",
  helmChart: "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
  sigstoreBundle: "application/vnd.dev.sigstore.bundle.v0.3+json",
  sigstoreBundlePrefix: "application/vnd.dev.sigstore.bundle",
  simpleSigning: "application/vnd.dev.cosign.simplesigning.v1+json",
  dsseEnvelope: "application/vnd.dsse.envelope.v1+json",
  inToto: "application/vnd.in-toto+json",
  cosignSignatureConfig: "application/vnd.dev.cosign.artifact.sig.v1+json",
  notationSignature: "application/vnd.cncf.notary.signature",
} as const;

const MANIFESTS: ReadonlySet<string> = new Set([
  MEDIA_TYPE.ociManifest,
  MEDIA_TYPE.ociIndex,
  MEDIA_TYPE.dockerManifest,
  MEDIA_TYPE.dockerManifestList,
]);

/** True for the four manifest types a tag can point at; everything else a registry announces is a blob. */
export const isManifestType = (mediaType: string): boolean => MANIFESTS.has(mediaType);
