import * as v from "valibot";
import { list, mapOf, section, textOr } from "./schema-section.ts";
import { duration, path, pattern, repositoryGlob, secret, text } from "./schema-values.ts";

/**
 * Fulcio's certificate extensions that a rule may pin beside issuer and subject. A name that is not here is an
 * error: a claim that nobody compares would look like protection.
 */
export const CLAIM_NAMES = [
  "githubWorkflowTrigger",
  "githubWorkflowSHA",
  "githubWorkflowName",
  "githubWorkflowRepository",
  "githubWorkflowRef",
  "buildSignerURI",
  "buildSignerDigest",
  "runnerEnvironment",
  "sourceRepositoryURI",
  "sourceRepositoryDigest",
  "sourceRepositoryRef",
  "sourceRepositoryIdentifier",
  "sourceRepositoryOwnerURI",
  "sourceRepositoryOwnerIdentifier",
  "buildConfigURI",
  "buildConfigDigest",
  "buildTrigger",
  "runInvocationURI",
  "sourceRepositoryVisibilityAtSigning",
  "deploymentEnvironment",
  "tokenSubject",
] as const;

const claims = Object.fromEntries(
  CLAIM_NAMES.map((claim) => [
    claim,
    v.optional(pattern(`Pattern on the certificate's ${claim}.`, "^https://github\\.com/acme/app$")),
  ]),
) as Record<(typeof CLAIM_NAMES)[number], v.OptionalSchema<ReturnType<typeof pattern>, undefined>>;

const identity = section(
  "Who may sign: issuer AND subject of the certificate, both Go RE2 patterns, unanchored.",
  {
    issuer: pattern("OIDC issuer.", "^https://token\\.actions\\.githubusercontent\\.com$"),
    subject: pattern(
      "Subject of the certificate, such as the workflow that signed.",
      "^https://github\\.com/acme/app/\\.github/workflows/release\\.yaml@refs/tags/v.*$",
    ),
    claims: v.optional(
      section(
        "Further patterns on the certificate, all of which must match. A reusable workflow needs sourceRepositoryURI.",
        claims,
      ),
    ),
  },
);

const IDENTITY_EXAMPLE = "[{issuer: ^https://accounts\\.google\\.com$, subject: ^ci@acme\\.example$}]";

const key = textOr(path("Path of a PEM public key.", "keys/cosign.pub"), secret);

/** How a signature is judged: shared by `rules` and by catalogs that come as artifacts. */
export const trustEntries = {
  identities: v.optional(
    v.pipe(list(identity, IDENTITY_EXAMPLE), v.description("Entries are alternatives: one must match.")),
  ),
  keys: v.optional(
    v.pipe(
      list(key, "[keys/cosign.pub]"),
      v.description(
        "PEM public keys (paths or secrets); one must have signed. Not together with identities.",
      ),
    ),
  ),
  transparencyLog: v.optional(
    v.pipe(
      v.picklist(["required", "timestamp", "none"], "must be required, timestamp or none, or be left out"),
      v.description(
        "required: a transparency log entry must prove that the signature was published. timestamp: a signed RFC 3161 timestamp is enough. none: only with keys. Default: required for identities, none for keys (as Flux).",
      ),
    ),
  ),
  trustedRoot: v.optional(
    v.pipe(text("a name from trustedRoots", "internal", 63), v.description("A name from `trustedRoots`.")),
  ),
  unverified: v.optional(
    v.pipe(
      v.literal("allow", "must be `allow`, or be left out"),
      v.description("Lets artifacts through that nobody has to sign. Not together with identities or keys."),
    ),
  ),
};

const rule = section(
  "What must hold for the repositories it names, on top of the object's own `spec.verify`.",
  {
    repositories: textOr(repositoryGlob, list(repositoryGlob, "[ghcr.io/acme/**]")),
    ...trustEntries,
    predicateType: v.optional(
      v.pipe(
        text("a predicate type", "https://slsa.dev/provenance/v1", 512),
        v.description("Asks for an in-toto attestation with this predicate type instead of a signature."),
      ),
    ),
    signatureRepository: v.optional(
      v.pipe(
        text("a repository", "ghcr.io/acme/signatures", 512),
        v.check(
          (written) => /^[^/\s@*]+\/[a-z0-9][a-z0-9._/-]*$/.test(written) && !written.includes("://"),
          "must be a registry host and a path, without scheme or tag; write e.g. ghcr.io/acme/signatures",
        ),
        v.description("Where signatures live when not beside the artifact (cosign's COSIGN_REPOSITORY)."),
      ),
    ),
    evidence: v.optional(
      section("Overrides the top-level `evidence` for these repositories.", {
        deadline: v.optional(duration("How long an artifact waits for its signature.", "15m", "1s", "7d")),
      }),
    ),
  },
);

export const rules = v.pipe(
  list(rule, "[{repositories: ghcr.io/acme/**, identities: [{issuer: …, subject: …}]}]"),
  v.description("Who must have signed, by repository. Every rule that matches a repository must hold."),
);

export const trustedRoots = v.pipe(
  mapOf(
    v.pipe(
      v.string(),
      v.regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "must be a name of lower-case letters, digits and dashes"),
    ),
    path("Path of a Sigstore trusted_root.json.", "trust/trusted_root.json"),
    "must be a mapping of names to paths; write e.g. {default: trust/trusted_root.json}",
  ),
  v.description(
    "Sigstore trusted roots by name. `default` replaces the public-good root that Sluice ships with.",
  ),
);
