import * as v from "valibot";
import { confirmation, inputs, receiver } from "./schema-delivery.ts";
import { list, mapOf, oneOf, section, textOr } from "./schema-section.ts";
import { trustEntries } from "./schema-trust.ts";
import { duration, name, objectKey, path, secret, text } from "./schema-values.ts";

const interval = v.optional(duration("How often it is read again; default 1m.", "1m", "5s", "1d"));

const artifactReference = (example: string) =>
  v.pipe(
    text("an artifact", example, 1_024),
    v.regex(
      /^oci:\/\/[^/\s]+\/[^\s]+$/,
      `must start with oci:// and name host and path; write e.g. ${example}`,
    ),
    v.description("Reference with tag or digest."),
  );

export const catalog = oneOf(
  "Where a catalog made by `sluice compile` is read from. It takes the place of the clusters' manifests when Sluice serves; one that is older than the one in use is refused.",
  {
    file: section("A file, such as one in a function's bundle.", {
      file: path("Path of the catalog.", "./catalog.json"),
      interval,
    }),
    artifact: section(
      "An OCI artifact that holds the catalog as its layer, or as the only file of one made by `flux push artifact`. It must verify before it is used.",
      { artifact: artifactReference("oci://ghcr.io/acme/catalog:production"), ...trustEntries, interval },
    ),
    object: section(
      "An object in the cloud's storage; who may write it decides the policy. Only Sluice's functions in that cloud read it.",
      {
        object: v.pipe(
          text("an object", "s3://acme-sluice/catalog.json", 2_048),
          v.regex(
            /^(?:s3|gs):\/\/[a-z0-9][a-z0-9._-]{1,221}\/[^\s]+$|^https:\/\/[a-z0-9]{3,24}\.blob\.core\.[a-z.]+\/[^/\s]+\/[^\s?#]+$/,
            "must be s3://bucket/key, gs://bucket/object or https://account.blob.core.windows.net/container/blob",
          ),
          v.description("Address of the object."),
        ),
        interval,
      },
    ),
  },
  "must say where the catalog is; write {file: path}, {artifact: oci://…} or {object: s3://…}",
);

const manifests = oneOf(
  "Where the cluster's Flux manifests are read from. Rendered manifests: what kustomize or flux build prints.",
  {
    folder: section("A folder of YAML files.", {
      folder: path(
        "Folder with rendered Flux manifests, read with all folders below.",
        "./clusters/production",
      ),
      interval,
    }),
    artifact: section("An OCI artifact made by `flux push artifact`. It must verify before it is used.", {
      artifact: artifactReference("oci://ghcr.io/acme/manifests:production"),
      ...trustEntries,
      interval,
    }),
    kubeconfig: section("A running cluster, by a kubeconfig file.", {
      kubeconfig: path("Path of the kubeconfig.", "./production.kubeconfig"),
      context: v.optional(
        v.pipe(
          text("a context name", "production"),
          v.description("Context to use; default: the current one."),
        ),
      ),
      interval,
    }),
    inCluster: section("The cluster that Sluice runs in, by its service account.", {
      inCluster: v.pipe(v.literal(true, "must be true, or be left out"), v.description("Always true.")),
      interval,
    }),
  },
  "must say where the manifests are; write {folder: path}, {artifact: oci://…}, {kubeconfig: path} or {inCluster: true}",
);

const dataKey = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9._-]{1,253}$/, "must be a key of a Secret; write e.g. cosign.pub"),
);

const secretFile = textOr(path("Path of the file with the value.", "keys/cosign.pub"), secret);

const secretData = mapOf(
  objectKey,
  mapOf(dataKey, secretFile, "must be a mapping; write e.g. {cosign.pub: keys/cosign.pub}"),
  'must be a folder or a mapping; write e.g. {"apps/cosign-keys": {cosign.pub: keys/cosign.pub}}',
);
const secrets = textOr(path("Folder with files <namespace>/<name>/<key>.", "./secrets"), secretData);

const cluster = section("One cluster.", {
  name: name("Name in decisions, ids and metrics.", "production"),
  manifests: v.optional(manifests),
  receiver: v.optional(receiver),
  confirmation: v.optional(confirmation),
  inputs: v.optional(inputs),
  secrets: v.optional(secrets),
});

export const clusters = v.pipe(
  list(cluster, "[{name: production, manifests: {folder: ./clusters/production}}]"),
  v.description("The Flux clusters to serve."),
);
