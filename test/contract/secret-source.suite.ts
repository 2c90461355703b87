import { describe, expect } from "vitest";
import type { SecretRef, SecretSource } from "../../shared/ports.ts";
import { failureOf, type MoodyService } from "./moods.ts";
import { testWith } from "./with-subject.ts";

export interface SecretsUnderTest {
  readonly secrets: SecretSource;
  refOf(name: string): SecretRef;
  /** Keeps this value where the adapter reads; `undefined` takes the secret away. */
  put(name: string, value: string | undefined): Promise<void>;
  /** Moves the adapter's clock. */
  advance(ms: number): void;
  close(): Promise<void>;
}

/** The same over a service whose mood can be set. */
export interface StoreUnderTest extends SecretsUnderTest {
  readonly service: MoodyService;
}

/** Within which a change must count. */
const MINUTE_MS = 60_000;
/** A service's timeout: for those that do not answer, and for those that must be done long before. */
const SHORT_MS = 200;
const PATIENT_MS = 20_000;
const CODE = "SECRET_UNAVAILABLE";
const NAME = "flux-token";

const read = async ({ secrets, refOf }: SecretsUnderTest): Promise<string> =>
  (await secrets.read(refOf(NAME))).reveal();

/** What every place of secrets must do. */
export const describeSecretSource = (
  name: string,
  create: () => Promise<SecretsUnderTest>,
  { holdsEmpty = true }: { readonly holdsEmpty?: boolean } = {},
): void => {
  describe(`SecretSource: ${name}`, () => {
    const run = testWith(create);

    run("gives the value as it is kept", async (subject) => {
      for (const value of ["s3cret", " kept \n", "ü€😀", "x".repeat(4_000)]) {
        await subject.put(NAME, value);
        subject.advance(MINUTE_MS);
        expect(await read(subject)).toBe(value);
      }
    });

    run("says that there is none by its reference, and finds one that comes", async (subject) => {
      const error = await failureOf(read(subject), CODE);
      expect(error.disposition).toBe("retry");
      expect(error.message).toContain(NAME);
      await subject.put(NAME, "there");
      expect(await read(subject)).toBe("there");
    });

    // Stores that refuse to keep an empty one need not be asked for it.
    if (holdsEmpty) {
      run("takes an empty one for none", async (subject) => {
        await subject.put(NAME, "");
        const error = await failureOf(read(subject), CODE);
        expect(error.message).toMatch(new RegExp(`${NAME}.* is empty`));
      });
    }

    run("sees within a minute that a secret is another one, or gone", async (subject) => {
      await subject.put(NAME, "old");
      expect(await read(subject)).toBe("old");
      await subject.put(NAME, "new");
      subject.advance(MINUTE_MS);
      expect(await read(subject)).toBe("new");
      await subject.put(NAME, undefined);
      subject.advance(MINUTE_MS);
      await failureOf(read(subject), CODE);
    });
  });
};

/** What every store beyond this machine must do besides. */
export const describeSecretStore = (
  name: string,
  create: (timeoutMs: number) => Promise<StoreUnderTest>,
): void => {
  describeSecretSource(name, () => create(PATIENT_MS));
  describe(`SecretSource: ${name}, over the network`, () => {
    const run = testWith(() => create(PATIENT_MS));

    run("is asked once by many, and not again within a minute", async (subject) => {
      await subject.put(NAME, "s3cret");
      expect(await Promise.all([read(subject), read(subject), read(subject)])).toEqual(
        Array.from({ length: 3 }, () => "s3cret"),
      );
      subject.advance(MINUTE_MS - 1);
      await read(subject);
      expect(subject.service.asked()).toBe(1);
    });

    run("is left at once when it refuses what it gave before", async (subject) => {
      await subject.put(NAME, "s3cret");
      await read(subject);
      subject.service.mood = "denies";
      subject.advance(MINUTE_MS);
      const error = await failureOf(read(subject), CODE);
      expect(error.message).toContain(NAME);
      subject.service.mood = "well";
      expect(await read(subject)).toBe("s3cret");
    });

    for (const mood of ["down", "silent", "rubbish", "endless", "redirects"] as const) {
      const runAs = testWith(() => create(mood === "silent" ? SHORT_MS : PATIENT_MS));

      runAs(`is an error in one line when it is ${mood}, and asked again`, async (subject) => {
        await subject.put(NAME, "s3cret");
        subject.service.mood = mood;
        const error = await failureOf(read(subject), CODE);
        expect(error.message).toContain(NAME);
        expect(subject.service.wasFollowed()).toBe(false);
        // An endless answer must end by its size, and what is no answer at once: not when patience does.
        expect(error.message.includes("no answer in time")).toBe(mood === "silent");
        subject.service.mood = "well";
        expect(await read(subject)).toBe("s3cret");
      });

      runAs(`may be ${mood} for a quarter of an hour, not longer`, async (subject) => {
        await subject.put(NAME, "s3cret");
        await read(subject);
        subject.service.mood = mood;
        subject.advance(14 * MINUTE_MS);
        expect(await read(subject)).toBe("s3cret");
        subject.advance(MINUTE_MS);
        await failureOf(read(subject), CODE);
      });
    }
  });
};
