import { describe, expect, test } from "vitest";
import type { ErrorCode } from "../../shared/errors.ts";
import type { RegistryCredentials, RegistryLogin } from "../../shared/ports.ts";
import { failureOf, type MoodyService } from "./moods.ts";
import { testWith } from "./with-subject.ts";

export interface LoginsUnderTest {
  readonly credentials: RegistryCredentials;
  readonly service: MoodyService;
  /** Every password or bearer token that the service gave, the last one last. */
  readonly given: readonly string[];
  /** Moves the adapter's clock. */
  advance(ms: number): void;
  close(): Promise<void>;
}

export interface LoginFacts {
  readonly host: string;
  /** Of Basic; absent: a bearer token. */
  readonly username?: string;
  readonly lifeMs: number;
  /** Of the same kind, whose login is another one. Absent: there is one login for all of that kind. */
  readonly other?: string;
  /** Of the same kind, with the same login. */
  readonly sharing?: string;
  /** What a refusal by the service is. */
  readonly denied: ErrorCode;
}

const LOOKALIKES = [
  (host: string) => `${host}.evil.example`,
  (host: string) => `evil.example/${host}`,
  (host: string) => `evil.example?.${host}`,
  (host: string) => `evil.example#.${host}`,
  (host: string) => `evil.example:443\\.${host}`,
  (host: string) => `user@${host}`,
  (host: string) => `${host}/`,
  (host: string) => `${host}:5000`,
  (host: string) => `${host}\n`,
  (host: string) => `x${host}`.replace(/^x[^.]*\./, "."),
  () => "ghcr.io",
  () => "127.0.0.1:5000",
  () => "",
];

const revealed = (login: RegistryLogin | undefined): object | undefined => {
  if (login === undefined) return undefined;
  return "bearer" in login
    ? { bearer: login.bearer.reveal() }
    : { username: login.username, password: login.password.reveal() };
};

/** What everybody must do who logs in to one kind of registry. */
export const describeRegistryCredentials = (
  name: string,
  { host, username, lifeMs, other, sharing, denied }: LoginFacts,
  create: () => Promise<LoginsUnderTest>,
): void => {
  describe(`RegistryCredentials: ${name}`, () => {
    const run = testWith(create);
    const logIn = async (
      { credentials }: LoginsUnderTest,
      registry = host,
      signal = AbortSignal.timeout(20_000),
    ) => revealed(await credentials(registry, signal));
    const toLogin = (given: string | undefined) =>
      username === undefined ? { bearer: given } : { username, password: given };

    run("gives what the service gave, for which many ask once", async (subject) => {
      const logins = await Promise.all([logIn(subject), logIn(subject), logIn(subject)]);
      expect(subject.given).toHaveLength(1);
      for (const login of logins) expect(login).toEqual(toLogin(subject.given[0]));
    });

    run("keeps a login for 80 % of its life, and not longer", async (subject) => {
      const first = await logIn(subject);
      subject.advance(0.8 * lifeMs - 1);
      expect(await logIn(subject)).toEqual(first);
      expect(subject.given).toHaveLength(1);
      subject.advance(1);
      expect(await logIn(subject)).toEqual(toLogin(subject.given[1]));
    });

    const known = [host, other, sharing].filter((one) => one !== undefined);
    const foreign = new Set(known.flatMap((one) => LOOKALIKES.map((toHost) => toHost(one))));
    test.each([...foreign])("%j gets nothing, and nobody is asked", async (registry) => {
      const subject = await create();
      await logIn(subject);
      const before = subject.service.asked();
      expect(await logIn(subject, registry)).toBeUndefined();
      expect(subject.service.asked()).toBe(before);
      await subject.close();
    });

    if (other !== undefined) {
      run("shows no registry another's login", async (subject) => {
        const logins = [await logIn(subject), await logIn(subject, other)];
        expect(logins).toEqual([toLogin(subject.given[0]), toLogin(subject.given[1])]);
        expect(await logIn(subject)).toEqual(logins[0]);
      });
    }

    if (sharing !== undefined) {
      run("asks once for registries that have one login", async (subject) => {
        expect(await logIn(subject)).toEqual(await logIn(subject, sharing));
        expect(subject.given).toHaveLength(1);
      });
    }

    run("lets none of those who wait take the login away from the others", async (subject) => {
      const stopped = new AbortController();
      const first = logIn(subject, host, stopped.signal);
      const second = logIn(subject);
      stopped.abort();
      const error = await failureOf(first, "REGISTRY_UNAVAILABLE");
      expect(error.message).toContain(host);
      expect(await second).toEqual(toLogin(subject.given[0]));
    });

    run("ends when the caller does, where the service is silent", async (subject) => {
      subject.service.mood = "silent";
      const ended = logIn(subject, host, AbortSignal.timeout(100));
      const error = await failureOf(ended, "REGISTRY_UNAVAILABLE");
      expect(error.message).toContain(host);
      expect(error.disposition).toBe("retry");
    });

    for (const mood of ["denies", "down", "rubbish", "empty", "endless", "redirects"] as const) {
      run(
        `names the registry and nothing else where the service is ${mood}, and asks again`,
        async (subject) => {
          subject.service.mood = mood;
          const code = mood === "denies" ? denied : "REGISTRY_UNAVAILABLE";
          const error = await failureOf(logIn(subject), code);
          expect(error.message).toContain(host);
          expect(error.message).not.toContain("in time");
          expect(subject.service.wasFollowed()).toBe(false);
          subject.service.mood = "well";
          expect(await logIn(subject)).toEqual(toLogin(subject.given.at(-1)));
        },
      );
    }
  });
};
