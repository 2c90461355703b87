import { fulcioExtension } from "../../../../functions/local/playground/sigstore/extensions.ts";
import { githubIdentity } from "../../../../functions/local/playground/sigstore/identity.ts";
import { identities, replaceExtension } from "../changes.ts";
import { ALL, all, type Change, type CorpusCase, request, SIGNED_TIME, steps } from "../corpus-case.ts";
import { ISSUER_PATTERN, SUBJECT_PATTERN } from "../world.ts";

const CALLED = "acme/shared/.github/workflows/build.yaml";

const SHARED_PATTERN = "^https://github\\.com/acme/shared/\\.github/workflows/build\\.yaml@refs/tags/v";

const caller = (repository: string) =>
  githubIdentity({ repository, ref: "refs/tags/v1", calledWorkflow: CALLED });

const sharedRule = (claims?: Readonly<Record<string, string>>): Change =>
  identities({
    issuer: ISSUER_PATTERN,
    subject: SHARED_PATTERN,
    ...(claims === undefined ? {} : { claims }),
  });

export const PINNED = { sourceRepositoryURI: "^https://github\\.com/acme/app$" } as const;

export const callerCases: readonly CorpusCase[] = [
  {
    attackClass: 17,
    name: "shared workflow called by a foreign repository, caller pinned",
    formats: ALL,
    expected: "claim-mismatch",
    setup: all(request({ identity: caller("acme/app") }), sharedRule(PINNED)),
    attack: request({ identity: caller("evil/app") }),
  },
  {
    attackClass: 17,
    name: "shared workflow called by a foreign repository, caller not pinned (lint warns)",
    formats: ALL,
    expected: "verified",
    setup: all(request({ identity: caller("acme/app") }), sharedRule()),
    attack: request({ identity: caller("evil/app") }),
  },
  {
    attackClass: 17,
    name: "self-hosted runner where a hosted one is asked for",
    formats: SIGNED_TIME,
    expected: "claim-mismatch",
    setup: identities({
      issuer: ISSUER_PATTERN,
      subject: SUBJECT_PATTERN,
      claims: { runnerEnvironment: "^github-hosted$" },
    }),
    attack: request({
      identity: githubIdentity({
        repository: "acme/app",
        ref: "refs/tags/v1.4.2",
        claims: { runnerEnvironment: "self-hosted" },
      }),
    }),
  },
  {
    attackClass: 17,
    name: "certificate without the claim that is asked for",
    formats: SIGNED_TIME,
    expected: "claim-mismatch",
    setup: identities({
      issuer: ISSUER_PATTERN,
      subject: SUBJECT_PATTERN,
      claims: { sourceRepositoryIdentifier: "^1000001$" },
    }),
    attack: steps({ leafFields: (fields) => replaceExtension(fields, "1.3.6.1.4.1.57264.1.15") }),
  },
  {
    attackClass: 17,
    name: "claim that is not a UTF8String",
    formats: SIGNED_TIME,
    expected: "claim-mismatch",
    setup: identities({
      issuer: ISSUER_PATTERN,
      subject: SUBJECT_PATTERN,
      claims: { sourceRepositoryURI: "^https://github\\.com/acme/app$" },
    }),
    attack: steps({
      leafFields: (fields) =>
        replaceExtension(
          fields,
          "1.3.6.1.4.1.57264.1.12",
          fulcioExtension(12, Buffer.from("https://github.com/acme/app")),
        ),
    }),
  },
];
