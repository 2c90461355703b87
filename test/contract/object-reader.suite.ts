import { describe, expect, test } from "vitest";
import type { ObjectReader } from "../../shared/ports.ts";
import { failureOf, type MoodyService } from "./moods.ts";
import { testWith } from "./with-subject.ts";

export interface ObjectsUnderTest {
  readonly objects: ObjectReader;
  urlOf(name: string): string;
  /** Keeps these bytes under that name. */
  put(name: string, bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** The same over a service whose mood can be set. */
export interface RemoteObjectsUnderTest extends ObjectsUnderTest {
  readonly service: MoodyService;
}

const NAME = "prod/catalog v1.json";
const BYTES = Uint8Array.from({ length: 100_000 }, (_, at) => (at * 7) % 256);

const read = async (
  { objects, urlOf }: ObjectsUnderTest,
  maxBytes = BYTES.byteLength,
  signal = AbortSignal.timeout(20_000),
): Promise<Buffer> => Buffer.from(await objects.read(urlOf(NAME), maxBytes, signal));

/** What every storage of catalogs must do. */
export const describeObjectReader = (name: string, create: () => Promise<ObjectsUnderTest>): void => {
  describe(`ObjectReader: ${name}`, () => {
    const run = testWith(create);

    run("gives an object's bytes as they are now", async (subject) => {
      for (const bytes of [BYTES, BYTES.slice(1), new Uint8Array()]) {
        await subject.put(NAME, bytes);
        expect((await read(subject)).equals(bytes)).toBe(true);
      }
    });

    run("refuses one that is a byte too large", async (subject) => {
      await subject.put(NAME, BYTES);
      const error = await failureOf(read(subject, BYTES.byteLength - 1), "CATALOG_INVALID");
      expect(error.message).toContain(subject.urlOf(NAME));
      expect(error.message).toMatch(/larger than 99999 bytes/);
      expect(error.disposition).toBe("drop");
    });

    run("says that there is none by its address, and finds one that comes", async (subject) => {
      const error = await failureOf(read(subject), "CATALOG_INVALID");
      expect(error.message).toContain(subject.urlOf(NAME));
      await subject.put(NAME, BYTES);
      expect((await read(subject)).equals(BYTES)).toBe(true);
    });

    run("ends when the caller does", async (subject) => {
      await subject.put(NAME, BYTES);
      await failureOf(read(subject, 1, AbortSignal.abort()), "CATALOG_UNAVAILABLE");
    });
  });
};

/** What must hold besides over a service whose mood can be set; `foreign`: addresses that are not this storage's. */
export const describeRemoteObjects = (
  name: string,
  foreign: readonly string[],
  create: () => Promise<RemoteObjectsUnderTest>,
): void => {
  describeObjectReader(name, create);
  describe(`ObjectReader: ${name}, over the network`, () => {
    const run = testWith(create);

    for (const mood of ["denies", "down", "redirects", "cut"] as const) {
      run(`leaves it open what there is where the storage is ${mood}`, async (subject) => {
        await subject.put(NAME, BYTES);
        subject.service.mood = mood;
        const error = await failureOf(read(subject), "CATALOG_UNAVAILABLE");
        expect(error.message).toContain(subject.urlOf(NAME));
        expect(error.disposition).toBe("retry");
        expect(subject.service.wasFollowed()).toBe(false);
        subject.service.mood = "well";
        expect((await read(subject)).equals(BYTES)).toBe(true);
      });
    }

    run("refuses an object that does not end", async (subject) => {
      await subject.put(NAME, BYTES);
      subject.service.mood = "endless";
      await failureOf(read(subject), "CATALOG_INVALID");
    });

    for (const mood of ["silent", "stalled"] as const) {
      run(`ends when the caller does, where the storage is ${mood}`, async (subject) => {
        await subject.put(NAME, BYTES);
        subject.service.mood = mood;
        await failureOf(read(subject, BYTES.byteLength, AbortSignal.timeout(200)), "CATALOG_UNAVAILABLE");
      });
    }

    test.each(["", "catalog.json", "file:///etc/passwd", "ftp://bucket/key", ...foreign])(
      "%j is none of its addresses, and nobody is asked",
      async (url) => {
        const subject = await create();
        const work = subject.objects.read(url, 100, AbortSignal.timeout(20_000));
        const error = await failureOf(work, "CATALOG_INVALID");
        expect(error.message).toContain("write ");
        expect(subject.service.asked()).toBe(0);
        await subject.close();
      },
    );
  });
};
