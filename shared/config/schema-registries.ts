import * as v from "valibot";
import { mapOf, oneOf, section } from "./schema-section.ts";
import { flag, path, secret, text } from "./schema-values.ts";

const matching = (what: string, example: string, pattern: RegExp, description: string) =>
  v.pipe(
    text(what, example),
    v.regex(pattern, `must be ${what}; write e.g. ${example}`),
    v.description(description),
  );

const audience = v.pipe(
  text("an audience", "api://sluice"),
  v.description(
    "Audience of the token that is exchanged, where who vouches for Sluice cannot name the default one, as on Azure.",
  ),
);

const google = section(
  "Google's registries from elsewhere, by workload identity federation: who Sluice is where it runs is exchanged for an access token.",
  {
    google: section("Workload identity federation.", {
      provider: matching(
        "a workload identity provider",
        "projects/123456/locations/global/workloadIdentityPools/sluice/providers/sluice-aws",
        /^projects\/\d+\/locations\/global\/workloadIdentityPools\/[a-z0-9-]{4,32}\/providers\/[a-z0-9-]{4,32}$/,
        "The provider, by its full name.",
      ),
      serviceAccount: v.optional(
        matching(
          "a service account",
          "sluice@acme.iam.gserviceaccount.com",
          /^[a-z0-9-]+@[a-z0-9.:-]+\.iam\.gserviceaccount\.com$/,
          "The account to act as; default: the federated principal itself.",
        ),
      ),
      audience: v.optional(audience),
    }),
  },
);

const UUID = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;
const UUID_EXAMPLE = "72f988bf-86f1-41af-91ab-2d7cd011db47";

const azure = section(
  "Azure's registries from elsewhere, by a federated credential of an app registration or a managed identity.",
  {
    azure: section("Federated credential.", {
      tenant: matching("a tenant id", UUID_EXAMPLE, UUID, "Directory (tenant) id."),
      client: matching("a client id", UUID_EXAMPLE, UUID, "Application (client) id."),
    }),
  },
);

const aws = section("ECR from elsewhere, by a role that trusts who Sluice is where it runs.", {
  aws: section("Role to assume with a web identity.", {
    role: matching(
      "a role",
      "arn:aws:iam::123456789012:role/sluice-reads-ecr",
      /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/,
      "ARN of the role.",
    ),
    audience: v.optional(audience),
  }),
});

const ambient = section(
  "The machine's own identity in a cloud; it is asked for nowhere unless this says so.",
  {
    ambient: v.pipe(
      v.picklist(["aws", "azure", "google"], "must be aws, azure or google; write e.g. ambient: aws"),
      v.description(
        "The registry's cloud. Found as that cloud's own tools find it: environment, projected token, login files, metadata server.",
      ),
    ),
  },
);

const credentials = oneOf(
  "How to log in. Default: as the cloud that Sluice runs in can log in to its own registries, else anonymous.",
  {
    username: section("User name and password or token.", {
      username: v.pipe(text("a user name", "robot$sluice", 255), v.description("User name.")),
      password: secret,
    }),
    dockerConfig: section("Logins from a docker config.json; helper programs that it names are not run.", {
      dockerConfig: path("Path of the config.json.", "/run/secrets/config.json"),
    }),
    ambient,
    google,
    azure,
    aws,
  },
  "must be {username: NAME, password: {env: NAME}}, {dockerConfig: path}, {ambient: aws}, or google, azure or aws to log in by federation",
);

const registry = section("How one registry host is read.", {
  plainHttp: v.optional(flag("Talk HTTP without TLS. For test registries only.")),
  credentials: v.optional(credentials),
  allowPrivateAddresses: v.optional(
    flag("Lets the host resolve to private addresses. Loopback needs `network.allowPrivate`."),
  ),
  ca: v.optional(
    path(
      "PEM file with the certificate authorities that vouch for the host, in place of the public ones.",
      "./ca.pem",
    ),
  ),
});

const registryHost = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9[][A-Za-z0-9.:[\]-]{0,254}$/,
    "must be a registry host, with port if any and without scheme; write e.g. registry.example.com:5000",
  ),
);

export const registries = v.pipe(
  mapOf(
    registryHost,
    registry,
    'must be a mapping of hosts; write e.g. {"registry.example.com": {plainHttp: true}}',
  ),
  v.description("Registries by host, as the manifests name them. Only those that need a setting."),
);
