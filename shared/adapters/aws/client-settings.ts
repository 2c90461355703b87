import { type Readable, Transform } from "node:stream";

/** For every client: each wait has an end, well below a function's own. Region and identity come from around it. */
export const CLIENT_SETTINGS = {
  maxAttempts: 4,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
} as const;

/** Far more than any answer that is no object of S3; for those, whoever makes the client knows more. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** Of a client's middleware, what is needed here; the SDK's own types of it name its command types. */
interface Middleware {
  // biome-ignore lint/suspicious/noExplicitAny: every client has input and output types of its own.
  add(middleware: (next: any) => any, options: { step: "deserialize"; priority: "low"; name: string }): void;
}

const capped = (body: Readable, maxBytes: number): Readable => {
  let bytes = 0;
  const limit = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) done(new Error("AnswerTooLarge"));
      else done(null, chunk);
    },
  });
  body.once("error", (error) => limit.destroy(error));
  limit.once("close", () => body.destroy());
  return body.pipe(limit);
};

/** Clients read an answer whole before they look at it: one that does not end would fill the memory. */
export const withCappedAnswers = <T extends { readonly middlewareStack: Middleware }>(
  client: T,
  maxBytes = MAX_ANSWER_BYTES,
): T => {
  client.middlewareStack.add(
    (next) => async (args: unknown) => {
      const result = await next(args);
      const { response } = result;
      if (typeof response?.body?.pipe === "function") response.body = capped(response.body, maxBytes);
      return result;
    },
    { step: "deserialize", priority: "low", name: "cappedAnswers" },
  );
  return client;
};
