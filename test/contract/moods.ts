import { inspect } from "node:util";
import { expect } from "vitest";
import { CLIENT_SETTINGS } from "../../shared/adapters/aws/client-settings.ts";
import { type ErrorCode, PipelineError } from "../../shared/errors.ts";
import {
  type ServiceDouble,
  type ServiceReply,
  type ServiceRequest,
  startServiceDouble,
} from "../support/service-double.ts";

/** What a service says in its own words; `empty`: as when it is well, but there is nothing in it. */
type OwnMood = "well" | "denies" | "empty";

/** How a service is to whoever asks it. */
export type Mood = OwnMood | "down" | "silent" | "stalled" | "rubbish" | "endless" | "cut" | "redirects";

/** Whatever goes wrong, no error may say this. */
export const LEAK = "s3cret-in-an-answer";

const ELSEWHERE = "/elsewhere";
const BROKEN = `{"${LEAK}`;

const MOODS: Readonly<Record<Exclude<Mood, OwnMood>, ServiceReply>> = {
  // With a good answer's body: the status is what counts.
  down: { status: 503 },
  silent: { ending: "silence" },
  // These two with the beginning of a good answer.
  stalled: { ending: "stall" },
  cut: { ending: "cut" },
  rubbish: { body: BROKEN },
  endless: { body: BROKEN, ending: "endless" },
  redirects: { status: 307 },
};

export interface MoodyService {
  readonly double: ServiceDouble;
  mood: Mood;
  /** How often it was asked. */
  asked(): number;
  /** Whether anybody followed where it led. */
  wasFollowed(): boolean;
}

interface MoodySettings {
  /** Come with every answer. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Which requests the mood is for, where the service has several steps; the others go well. */
  readonly isMoody?: (request: ServiceRequest) => boolean;
}

type Reply = (request: ServiceRequest, mood: Mood) => ServiceReply;

/** A service on loopback that speaks as `reply` says while it is well or refuses. */
export const startMoodyService = async (
  reply: Reply,
  { headers = {}, isMoody = () => true }: MoodySettings = {},
): Promise<MoodyService> => {
  const double = await startServiceDouble((request) => {
    const mood = isMoody(request) ? service.mood : "well";
    const answer =
      mood === "denies" || mood === "well" || mood === "empty"
        ? reply(request, mood)
        : { ...reply(request, mood), ...MOODS[mood] };
    // The same server by another name: another origin, whose requests are seen all the same.
    const location = `http://localhost:${new URL(double.url).port}${ELSEWHERE}`;
    const leading = mood === "redirects" ? { location } : {};
    return { ...answer, headers: { ...headers, ...answer.headers, ...leading } };
  });
  const service: MoodyService = {
    double,
    mood: "well",
    asked: () => double.seen.length,
    wasFollowed: () => double.seen.some(({ target }) => target === ELSEWHERE),
  };
  return service;
};

/** A token with these claims; nobody signed it. */
export const toJwt = (claims: object): string =>
  ["{}", JSON.stringify(claims), "signature"]
    .map((part) => Buffer.from(part).toString("base64url"))
    .join(".");

/** An answer of most services. */
export const json = (status: number, body: unknown): ServiceReply => ({ status, body: JSON.stringify(body) });

/** As a deployment's clients are set, but for the place, who asks, and that they ask once. */
export const awsSettings = (endpoint: string, region = "eu-central-1") => ({
  ...CLIENT_SETTINGS,
  endpoint,
  region,
  maxAttempts: 1,
  credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "not-a-secret" },
});

/** The error of work that must fail, after a look at what everybody asks of errors. */
export const failureOf = async (work: Promise<unknown>, code: ErrorCode): Promise<PipelineError> => {
  const error: unknown = await work.then(
    () => "it did not fail",
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(PipelineError);
  if (!(error instanceof PipelineError)) throw error;
  expect(error.code).toBe(code);
  expect(error.message).not.toMatch(/[\r\n]/);
  expect(inspect(error, { depth: 20 })).not.toContain(LEAK);
  return error;
};
