import * as v from "valibot";
import { compileGoPattern } from "../go-pattern.ts";
import { readCidr } from "../ip-address.ts";
import { parseRepositoryGlob } from "./repository-glob.ts";
import { oneOf, section } from "./schema-section.ts";
import { DURATION_PATTERN, parseBytes, parseDurationMs, SIZE_PATTERN } from "./units.ts";

/** Text of at most `maxLength` characters on one line. `example` ends every message. */
export const text = (what: string, example: string, maxLength = 1_024) =>
  v.pipe(
    v.string(`must be ${what}; write e.g. ${example}`),
    v.minLength(1, `must be ${what}, not empty; write e.g. ${example}`),
    v.maxLength(maxLength, `must have at most ${maxLength} characters`),
    v.check((written) => !/[\0\r\n]/.test(written), "must be one line of text"),
  );

export const flag = (description: string) =>
  v.pipe(v.boolean("must be true or false"), v.description(description));

export const whole = (description: string, minimum: number, maximum: number) => {
  const message = `must be a whole number from ${minimum} to ${maximum}`;
  return v.pipe(
    v.number(message),
    v.integer(message),
    v.minValue(minimum, message),
    v.maxValue(maximum, message),
    v.description(description),
  );
};

/** `15m`, in milliseconds once read. The bounds are written as durations too. */
export const duration = (description: string, example: string, minimum: string, maximum: string) => {
  const message = `must be a duration with its unit (ms, s, m, h, d); write e.g. ${example}`;
  const range = `must be from ${minimum} to ${maximum}; write e.g. ${example}`;
  const [minMs, maxMs] = [parseDurationMs(minimum) ?? 0, parseDurationMs(maximum) ?? 0];
  return v.pipe(
    v.string(message),
    v.regex(DURATION_PATTERN, message),
    v.description(description),
    v.examples([example]),
    v.transform((written) => parseDurationMs(written) ?? Number.NaN),
    v.minValue(minMs, range),
    v.maxValue(maxMs, range),
  );
};

/** `10MiB`, in bytes once read. */
export const size = (description: string, example: string, maximum: string) => {
  const message = `must be a size with its unit (B, KiB, MiB, GiB); write e.g. ${example}`;
  const range = `must be from 1KiB to ${maximum}; write e.g. ${example}`;
  return v.pipe(
    v.string(message),
    v.regex(SIZE_PATTERN, message),
    v.description(description),
    v.examples([example]),
    v.transform((written) => parseBytes(written) ?? Number.NaN),
    v.minValue(1_024, range),
    v.maxValue(parseBytes(maximum) ?? 0, range),
  );
};

/** A path, relative to the folder of the configuration file. */
export const path = (description: string, example: string) =>
  v.pipe(text("a path", example, 4_096), v.description(description));

const parseUrl = (written: string): URL | undefined => {
  const url = URL.parse(written);
  return url !== null && (url.protocol === "https:" || url.protocol === "http:") ? url : undefined;
};

/** An absolute http(s) URL without credentials, query or fragment (a Receiver answers 404 to any query string). */
export const httpUrl = (description: string, example: string) => {
  const message = `must be an http(s) URL; write e.g. ${example}`;
  return v.pipe(
    v.string(message),
    v.maxLength(2_048, "must have at most 2048 characters"),
    v.check((written) => parseUrl(written) !== undefined, message),
    v.check((written) => {
      const url = parseUrl(written);
      return url === undefined || (url.username === "" && url.password === "");
    }, `must not hold a user name or password; write e.g. ${example}`),
    v.check(
      (written) => parseUrl(written) === undefined || !/[?#]/.test(written),
      `must have no query and no fragment; write e.g. ${example}`,
    ),
    v.description(description),
  );
};

const LOOPBACK = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])$/;

/** As `httpUrl`, for what is trusted for coming from there, or is sent a token: not in clear over a network. */
export const secureUrl = (description: string, example: string) =>
  v.pipe(
    httpUrl(description, example),
    v.check((written) => {
      const url = parseUrl(written);
      return url === undefined || url.protocol === "https:" || LOOPBACK.test(url.hostname);
    }, `must begin with https://, unless it is on this machine; write e.g. ${example}`),
  );

const compileProblem = (pattern: string): string | undefined => {
  try {
    compileGoPattern(pattern);
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return reason.replace(/\s+/g, " ").slice(0, 200);
  }
};

/** A Go RE2 pattern, unanchored as in Flux. An empty one would match everybody and is refused. */
export const pattern = (description: string, example: string) =>
  v.pipe(
    text("a regular expression (Go RE2 syntax)", example, 1_000),
    v.check(
      (written) => compileProblem(written) === undefined,
      (issue) => `is not a Go RE2 pattern (${compileProblem(String(issue.input))}); write e.g. ${example}`,
    ),
    v.description(description),
    v.examples([example]),
  );

/** `host/path` with `*` and `**`. */
export const repositoryGlob = v.pipe(
  text("a repository pattern", "ghcr.io/acme/**", 512),
  v.check(
    (written) => parseRepositoryGlob(written) !== undefined,
    "must be a registry host, a slash and a path in lower case, without scheme or tag; write e.g. ghcr.io/acme/**",
  ),
  v.description(
    "Registry host and path. `*` matches inside one path segment, `**` over several; a final `/**` is everything below.",
  ),
  v.examples(["ghcr.io/acme/**", "registry.example.com:5000/team-*/charts/*"]),
);

export const cidr = v.pipe(
  v.string("must be a network; write e.g. 10.0.0.0/8"),
  v.check(
    (written) => typeof readCidr(written) !== "string",
    (issue) =>
      `must be a network in CIDR form (${readCidr(String(issue.input))}); write e.g. 10.0.0.0/8 or fd00::/8`,
  ),
  v.description("A network in CIDR form."),
);

export const secret = oneOf(
  "Where a secret is read from. It is never written into this file.",
  {
    env: section("The value of an environment variable.", {
      env: v.pipe(
        v.string("must be the name of an environment variable; write e.g. {env: FLUX_TOKEN}"),
        v.regex(
          /^[A-Za-z_][A-Za-z0-9_]{0,255}$/,
          // The value is not repeated: people paste the secret here.
          "must be the name of an environment variable (letters, digits, _), not the secret; write e.g. {env: FLUX_TOKEN}",
        ),
        v.description("Name of the environment variable."),
      ),
    }),
    file: section("The bytes of a file, exactly: a final newline is part of the secret, as it is for Flux.", {
      file: path("Path of the file; read again when it changes.", "/run/secrets/flux-token"),
    }),
    secret: section("A secret of the cloud's own store, where Sluice runs as functions.", {
      secret: v.pipe(
        text("a name in the cloud's secret store", "sluice/flux-token", 2_048),
        v.description(
          "Name in Secrets Manager (or, beginning with a slash, in SSM Parameter Store), Key Vault or Secret Manager.",
        ),
      ),
    }),
  },
  "must say where the secret is, never hold it; write {env: NAME}, {file: path} or {secret: NAME}",
);

export const objectKey = v.pipe(
  v.string(),
  v.regex(
    /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\/[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/,
    "must be <namespace>/<name> of a Kubernetes object; write e.g. flux-system/webhook",
  ),
);

/** Names that become part of ids, paths and metrics. */
export const name = (description: string, example: string) =>
  v.pipe(
    v.string(`must be a name; write e.g. ${example}`),
    v.regex(
      /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
      `must be lower-case letters, digits and dashes, at most 63; write e.g. ${example}`,
    ),
    v.description(description),
  );
