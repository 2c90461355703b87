import { createTimestampAuthority } from "../../../../functions/local/playground/sigstore/timestamp-authority.ts";
import { DAY_MS, moveValidity, withRoot, withServices } from "../changes.ts";
import { ALL, type Change, type CorpusCase } from "../corpus-case.ts";
import { createSeededBytes, NOW_MS } from "../world.ts";

const random = createSeededBytes(21);

const ended = { startMs: NOW_MS - 400 * DAY_MS, endMs: NOW_MS - DAY_MS };

const notYet = { startMs: NOW_MS + DAY_MS };

const current = { startMs: NOW_MS - DAY_MS, endMs: NOW_MS + DAY_MS };

type ServiceName = "tlogs" | "ctlogs" | "certificateAuthorities" | "timestampAuthorities";

const withWindow = (
  name: ServiceName,
  window: { readonly startMs: number; readonly endMs?: number },
): Change =>
  withRoot((contents) => ({
    ...contents,
    [name]: contents[name].map((service) => ({ ...service, ...window })),
  }));

const windowCase = (
  name: ServiceName,
  label: string,
  window: { readonly startMs: number; readonly endMs?: number },
  expected: CorpusCase["expected"],
  formats: CorpusCase["formats"] = ALL,
): CorpusCase => ({
  attackClass: 11,
  name: `${name}: window ${label}`,
  formats,
  expected,
  setup: withWindow(name, current),
  attack: withWindow(name, window),
});

export const windowCases: readonly CorpusCase[] = [
  windowCase("tlogs", "ended", ended, "log-key-expired"),
  windowCase("tlogs", "not begun", notYet, "log-key-expired"),
  windowCase("ctlogs", "ended", ended, "sct-invalid"),
  windowCase("ctlogs", "not begun", notYet, "sct-invalid"),
  windowCase("certificateAuthorities", "ended", ended, "certificate-expired"),
  windowCase("certificateAuthorities", "not begun", notYet, "certificate-expired"),
  windowCase("timestampAuthorities", "ended", ended, "timestamp-untrusted", ["bundle-rekor2"]),
  windowCase("timestampAuthorities", "not begun", notYet, "timestamp-untrusted", ["bundle-rekor2"]),
  {
    attackClass: 11,
    name: "timestamp authority's certificate expired before the timestamp",
    formats: ["bundle-rekor2"],
    expected: "timestamp-untrusted",
    attack: withServices(() => ({
      timestampAuthority: createTimestampAuthority({
        random,
        nowMs: NOW_MS,
        distortSigner: moveValidity(NOW_MS - 100 * DAY_MS, NOW_MS - DAY_MS),
      }),
    })),
  },
];
