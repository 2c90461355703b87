import { test } from "vitest";

/** What a suite is run on. */
interface Subject {
  close(): Promise<unknown>;
}

/** A test that gets a subject of its own, closed whatever comes of it. */
export const testWith =
  <S extends Subject>(create: () => Promise<S>) =>
  (title: string, body: (subject: S) => Promise<void>): void => {
    test(title, async () => {
      const subject = await create();
      try {
        await body(subject);
      } finally {
        await subject.close();
      }
    });
  };
