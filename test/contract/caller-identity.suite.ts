import { describe, expect } from "vitest";
import type { CallerIdentity } from "../../shared/ports.ts";
import { failureOf, type MoodyService } from "./moods.ts";
import { testWith } from "./with-subject.ts";

export interface IdentityUnderTest {
  readonly identity: CallerIdentity;
  /** Of each token. */
  readonly lifeMs: number;
  /** Moves the adapter's clock. */
  advance(ms: number): void;
  close(): Promise<void>;
}

/** The same over a service whose mood can be set. */
export interface RemoteIdentityUnderTest extends IdentityUnderTest {
  readonly service: MoodyService;
  /** Every token that the service gave, the last one last. */
  readonly given: readonly string[];
}

const CODE = "SECRET_UNAVAILABLE";
const [FIRST, SECOND] = ["https://first.example/a b", "api://second"];

const audienceOf = (token: string): unknown =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")).aud;

const ask = async (
  { identity }: IdentityUnderTest,
  audience = FIRST,
  signal = AbortSignal.timeout(20_000),
): Promise<string> => (await identity(audience, signal)).reveal();

/** What everybody must do who says who we are. */
export const describeCallerIdentity = (name: string, create: () => Promise<IdentityUnderTest>): void => {
  describe(`CallerIdentity: ${name}`, () => {
    const run = testWith(create);

    run("gives each audience a token of its own, and nobody another's", async (subject) => {
      const tokens = await Promise.all([ask(subject), ask(subject, SECOND)]);
      expect(tokens.map(audienceOf)).toEqual([FIRST, SECOND]);
      const again = [await ask(subject), await ask(subject, SECOND)];
      expect(again).toEqual(tokens);
    });

    run("keeps a token for 80 % of its life, and not longer", async (subject) => {
      const first = await ask(subject);
      subject.advance(0.8 * subject.lifeMs - 1);
      expect(await ask(subject)).toBe(first);
      subject.advance(1);
      expect(await ask(subject)).not.toBe(first);
    });
  });
};

/** What must hold besides where a service is asked for them. */
export const describeRemoteIdentity = (
  name: string,
  create: () => Promise<RemoteIdentityUnderTest>,
): void => {
  describeCallerIdentity(name, create);
  describe(`CallerIdentity: ${name}, over the network`, () => {
    const run = testWith(create);

    run("gives what the service gave, for which many ask once", async (subject) => {
      const tokens = await Promise.all([ask(subject), ask(subject), ask(subject)]);
      expect(new Set(tokens)).toEqual(new Set(subject.given));
      expect(subject.given).toHaveLength(1);
    });

    run("lets none of those who wait take the token away from the others", async (subject) => {
      const stopped = new AbortController();
      const first = ask(subject, FIRST, stopped.signal);
      const second = ask(subject);
      stopped.abort();
      const error = await failureOf(first, CODE);
      expect(error.message).toContain(FIRST);
      expect(await second).toBe(subject.given[0]);
    });

    run("ends when the caller does, where the service is silent", async (subject) => {
      subject.service.mood = "silent";
      const error = await failureOf(ask(subject, FIRST, AbortSignal.timeout(100)), CODE);
      expect(error.message).toContain(FIRST);
      expect(error.disposition).toBe("retry");
    });

    for (const mood of ["denies", "down", "rubbish", "empty", "endless", "redirects"] as const) {
      run(
        `names the audience and nothing else where the service is ${mood}, and asks again`,
        async (subject) => {
          subject.service.mood = mood;
          const error = await failureOf(ask(subject), CODE);
          expect(error.message).toContain(FIRST);
          expect(error.message).not.toContain("in time");
          expect(subject.service.wasFollowed()).toBe(false);
          subject.service.mood = "well";
          expect(await ask(subject)).toBe(subject.given.at(-1));
        },
      );
    }
  });
};
