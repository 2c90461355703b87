import { createClient } from "oras-js";
import { createCertificateAuthority } from "../../../functions/local/playground/sigstore/certificate-authority.ts";
import { generalName, subjectAltName } from "../../../functions/local/playground/sigstore/extensions.ts";
import { githubIdentity } from "../../../functions/local/playground/sigstore/identity.ts";
import { createKeyPair } from "../../../functions/local/playground/sigstore/keys.ts";
import {
  createLocalSigstore,
  packLegacyLayers,
} from "../../../functions/local/playground/sigstore/local-sigstore.ts";
import { createOrasRegistryReader } from "../../../shared/adapters/node/oras-registry.ts";
import { MEDIA_TYPE } from "../../../shared/artifact/media-types.ts";
import { toRegistryFetch } from "../../support/registry-fetch.ts";
import { DAY_MS, identities, replaceExtension, withAuthority, withRoot } from "./changes.ts";
import { ALL, all, BUNDLES, type Change, request, rule, SIGNED_TIME, steps } from "./corpus-case.ts";
import type { HonestCase } from "./honest-case.ts";
import { HONEST_KEYED } from "./honest-keyed.ts";
import { toFallbackIndex } from "./publish.ts";
import { createSeededBytes, IDENTITY, ISSUER_PATTERN, NOW_MS, REPOSITORY, SUBJECT_PATTERN } from "./world.ts";

const SLSA = "https://slsa.dev/provenance/v1";
const SPDX = "https://spdx.dev/Document";
const unchanged: Change = () => ({});

const signedBy = (subject: string, pattern: string): Change =>
  all(
    request({ identity: { issuer: "https://accounts.example", subject } }),
    identities({ issuer: "^https://accounts\\.example$", subject: pattern }),
  );

const attestation = (predicateType: string): Change =>
  all(request({ predicateType, predicate: { buildDefinition: {} } }), rule({ predicateType }));

const treeCases = [0, 1, 2, 7, 255, 10_000].map(
  (priorEntries): HonestCase => ({
    name: `logs that held ${priorEntries} entries before`,
    formats: BUNDLES,
    change: (_scenario, { sigstore: { services } }) => {
      const { authority, ctLog, timestampAuthority } = services;
      const sigstore = createLocalSigstore({
        nowMs: () => NOW_MS,
        random: createSeededBytes(priorEntries),
        priorEntries,
        services: { authority, ctLog, timestampAuthority },
      });
      return { sigstore, trustedRootJson: sigstore.trustedRootJson };
    },
  }),
);

const signatures = { registry: "registry.example", repository: "signatures" } as const;

const keylessCases: readonly HonestCase[] = [
  { name: "signed by a workflow", formats: [...ALL, "legacy-referrer"], change: unchanged },
  { name: "with a timestamp too", formats: SIGNED_TIME, change: request({ timestamp: true }) },
  {
    name: "with annotations of the signer's",
    formats: ALL,
    change: request({ annotations: { build: "42", team: "é" } }),
  },
  { name: "logged as intoto", formats: ["bundle-rekor1"], change: request({ entryKind: "intoto" }) },
  { name: "logged as rekord, as of old", formats: ["legacy"], change: request({ entryKind: "rekord" }) },
  {
    name: "signed by a person",
    formats: ALL,
    change: signedBy("ada@acme.example", "^ada@acme\\.example$"),
  },
  {
    name: "signed by a user name",
    formats: ALL,
    change: all(
      signedBy("https://unused.example", "^ada!acme\\.example$"),
      steps({
        leafFields: (fields) =>
          replaceExtension(fields, "2.5.29.17", subjectAltName(generalName.other("ada!acme.example"))),
      }),
    ),
  },
  {
    name: "signed by a workload's SPIFFE identity",
    formats: ALL,
    change: signedBy("spiffe://acme.example/ns/ci", "^spiffe://acme\\.example/ns/ci$"),
  },
  {
    name: "claims of the certificate pinned",
    formats: ALL,
    change: identities({
      issuer: ISSUER_PATTERN,
      subject: SUBJECT_PATTERN,
      claims: {
        sourceRepositoryURI: "^https://github\\.com/acme/app$",
        sourceRepositoryOwnerIdentifier: "^2000002$",
        runnerEnvironment: "^github-hosted$",
        githubWorkflowTrigger: "^push$",
      },
    }),
  },
  {
    name: "shared workflow, caller pinned",
    formats: SIGNED_TIME,
    change: all(
      request({
        identity: githubIdentity({
          repository: "acme/app",
          ref: "refs/heads/main",
          calledWorkflow: "acme/shared/.github/workflows/build.yaml",
        }),
      }),
      identities({
        issuer: ISSUER_PATTERN,
        subject: "^https://github\\.com/acme/shared/",
        claims: { sourceRepositoryURI: "^https://github\\.com/acme/app$" },
      }),
    ),
  },
  ...(["p384", "rsa2048"] as const).map(
    (kind): HonestCase => ({
      name: `certificate for a key of kind ${kind}`,
      formats: SIGNED_TIME,
      change: request({ key: createKeyPair(kind) }),
    }),
  ),
  {
    name: "certificate for a key of kind ed25519",
    formats: ["bundle-rekor1"],
    change: request({ key: createKeyPair("ed25519") }),
  },
  {
    name: "certificate that expired since",
    formats: ALL,
    change: request({ atMs: NOW_MS - 30 * DAY_MS }),
  },
  {
    name: "log key retired since",
    formats: SIGNED_TIME,
    change: all(
      request({ atMs: NOW_MS - 30 * DAY_MS }),
      withRoot((contents) => ({
        ...contents,
        tlogs: contents.tlogs.map((log) => ({ ...log, endMs: NOW_MS - DAY_MS })),
      })),
    ),
  },
  {
    name: "authority renewed: two of one name are trusted",
    formats: ALL,
    change: withRoot((contents) => {
      const { chain, root } = createCertificateAuthority({ random: createSeededBytes(61), nowMs: NOW_MS });
      const renewed = { url: "https://fulcio.local", subject: root.name, chain, startMs: NOW_MS - DAY_MS };
      return { ...contents, certificateAuthorities: [renewed, ...contents.certificateAuthorities] };
    }),
  },
  {
    name: "timestamp instead of a log entry, where the rule says so",
    formats: SIGNED_TIME,
    change: all(request({ log: false, timestamp: true }), rule({ transparencyLog: "timestamp" })),
  },
  {
    name: "authority whose certificates are of another organisation",
    formats: SIGNED_TIME,
    change: withAuthority(createSeededBytes(62), { organization: "acme.example" }),
  },
];

const placeCases: readonly HonestCase[] = [
  { name: "attested", formats: ALL, change: attestation(SLSA) },
  {
    name: "attested, logged as intoto",
    formats: ["legacy"],
    change: all(attestation(SPDX), request({ entryKind: "intoto" })),
  },
  {
    name: "index of several platforms",
    formats: ALL,
    change: request({ mediaType: MEDIA_TYPE.ociIndex }),
  },
  {
    name: "manifest of Docker's type",
    formats: ALL,
    change: request({ mediaType: MEDIA_TYPE.dockerManifest }),
  },
  {
    name: "signatures in a repository of their own",
    formats: ALL,
    change: all(rule({ signatureRepository: signatures }), () => ({ publishTo: signatures })),
  },
  {
    name: "signed three times in one manifest",
    formats: ["legacy"],
    change: ({ sigstore, request: honest }) => ({
      publish: ({ layer }) => {
        const others = [1, 2].map(() => sigstore.sign(honest).layer);
        const layers = [...others, layer].flatMap((each) => (each === undefined ? [] : [each]));
        return [packLegacyLayers(honest.digest, layers)];
      },
    }),
  },
  {
    name: "signed in both formats",
    formats: BUNDLES,
    change: ({ sigstore, request: honest }) => ({
      publish: ({ manifest }) => [manifest, sigstore.sign({ ...honest, format: "legacy" }).manifest],
    }),
  },
  {
    name: "attested beside the signature",
    formats: BUNDLES,
    change: ({ sigstore, request: honest }) => ({
      publish: ({ manifest }) => [sigstore.sign({ ...honest, predicateType: SLSA }).manifest, manifest],
    }),
  },
  {
    name: "read over the wire",
    formats: ALL,
    change: () => ({
      toReader: (honest) =>
        createOrasRegistryReader(createClient({ fetch: toRegistryFetch(honest, REPOSITORY.registry) })),
    }),
  },
  {
    name: "read from a registry without the referrers API",
    formats: BUNDLES,
    change: ({ artifact }) => ({
      publish: ({ manifest: { subject: _subject, ...untagged } }) => [
        untagged,
        toFallbackIndex(artifact.digest, [untagged]),
      ],
      toReader: (honest) => {
        const serve = toRegistryFetch(honest, REPOSITORY.registry);
        const fetch: typeof globalThis.fetch = async (input, init) =>
          new Request(input, init).url.includes("/referrers/")
            ? new Response(null, { status: 404 })
            : serve(input, init);
        return createOrasRegistryReader(createClient({ fetch }));
      },
    }),
  },
  {
    name: "second of two identities",
    formats: ALL,
    change: identities(
      { issuer: "^https://accounts\\.example$", subject: "^ada@" },
      { issuer: ISSUER_PATTERN, subject: SUBJECT_PATTERN },
    ),
  },
  {
    name: "issuer and subject given in full",
    formats: ALL,
    change: identities({ issuer: IDENTITY.issuer, subject: IDENTITY.subject }),
  },
];

export const HONEST: readonly HonestCase[] = [...keylessCases, ...placeCases, ...HONEST_KEYED, ...treeCases];
