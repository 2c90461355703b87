import { expect, test } from "vitest";
import { answerOnceOpen } from "../../../functions/wiring/http/answer-once-open.ts";
import { openOnce } from "../../../functions/wiring/open-once.ts";
import { PipelineError } from "../../../shared/errors.ts";
import { say } from "../../../shared/pipeline/intake/answer.ts";

const request = {
  method: "POST",
  path: "/events/hub/s3cret-in-the-path",
  query: "",
  headers: {},
  body: new Uint8Array(),
};

test("a function that cannot be opened answers 503, tells nobody outside why, and recovers", async () => {
  const logged: unknown[] = [];
  let isUp = false;
  const open = openOnce(async () => {
    if (!isUp) throw new PipelineError("s3://inside/catalog.json: 403", { code: "CATALOG_UNAVAILABLE" });
    return async () => say(202, "stored");
  });
  const answer = answerOnceOpen(open, (event, fields) => void logged.push([event, fields]));
  const refused = await answer(request);
  expect([refused.status, refused.headers["retry-after"]]).toEqual([503, "5"]);
  expect(refused.body).not.toContain("inside");
  expect(logged).toEqual([["request-failed", { reason: "s3://inside/catalog.json: 403" }]]);
  isUp = true;
  expect((await answer(request)).status).toBe(202);
});

test("so does one that throws what nobody foresaw", async () => {
  const answer = answerOnceOpen(
    async () => () => Promise.reject(new TypeError("our bug")),
    () => {},
  );
  expect((await answer(request)).status).toBe(503);
});
