import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { DecisionRecord } from "../../../shared/state.ts";
import type { PushedImage } from "../world/images.ts";
import { type GcpWorld, PUSH_ACCOUNT, PUSH_AUDIENCE } from "./gcp-world.ts";

/** Long enough for a message that is under way to do what it must not. */
const QUIET_MS = 3_000;

interface Opened {
  readonly gcp: GcpWorld;
  push(repository: string, tag: string): Promise<PushedImage>;
  sign(image: PushedImage): Promise<unknown>;
  toChange(image: PushedImage, tag?: string): string;
  decisionsOf(repository: string): Promise<readonly DecisionRecord[]>;
  finalDecision(repository: string, tag: string): Promise<DecisionRecord>;
}

/** What a push subscription of another project, and who pretends to be it, gets from intake; `opened` holds once the suite has begun. */
export const describePushed = (opened: () => Opened): void => {
  describe("pushed to intake from another project", () => {
    const post = (token: string | undefined, body: string, path = "/events/gar"): Promise<Response> =>
      fetch(`${opened().gcp.functions.intake.url}${path}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body,
      });
    const toBody = (data: string): string =>
      JSON.stringify({
        message: {
          data: Buffer.from(data).toString("base64"),
          messageId: "125591888507676",
          publishTime: new Date().toISOString(),
        },
        subscription: "projects/elsewhere/subscriptions/sluice",
      });
    const right = { aud: PUSH_AUDIENCE, email: PUSH_ACCOUNT, email_verified: true };

    test("with Google's token for us: the push is evaluated", async () => {
      const image = await opened().push("app", "1.6.0");
      await opened().sign(image);
      const response = await post(
        opened().gcp.issuer.mintRaw(right),
        toBody(opened().toChange(image, "1.6.0")),
      );
      expect(response.status).toBe(204);
      expect(await opened().finalDecision("app", "1.6.0")).toMatchObject({ outcome: "notify" });
      const counted = await opened().gcp.cloud.limits.loadDocument("events/gar");
      expect(counted?.value).toMatchObject({ taken: expect.any(Number) });
    });

    test.each([
      ["no token", () => undefined],
      ["another audience", () => opened().gcp.issuer.mintRaw({ ...right, aud: "https://elsewhere.example" })],
      [
        "another account",
        () => opened().gcp.issuer.mintRaw({ ...right, email: "somebody@evil.iam.gserviceaccount.com" }),
      ],
      ["an account nobody verified", () => opened().gcp.issuer.mintRaw({ ...right, email_verified: false })],
      [
        "another issuer",
        () => opened().gcp.issuer.mintRaw({ ...right, iss: "https://accounts.google.com.evil" }),
      ],
      [
        "an expired token",
        () => opened().gcp.issuer.mintRaw({ ...right, exp: Math.floor(Date.now() / 1_000) - 600 }),
      ],
      [
        "a forged signature",
        () => `${opened().gcp.issuer.mintRaw(right).split(".").slice(0, 2).join(".")}.AAAA`,
      ],
      [
        "changed claims",
        () => {
          const [header, , signature] = opened()
            .gcp.issuer.mintRaw({ ...right, email: "x@y" })
            .split(".");
          const claims = Buffer.from(JSON.stringify({ ...right, iss: opened().gcp.issuer.url })).toString(
            "base64url",
          );
          return `${header}.${claims}.${signature}`;
        },
      ],
    ])("with %s: refused", async (_what, toToken) => {
      const image = await opened().push("app", "1.9.9");
      const response = await post(toToken(), toBody(opened().toChange(image, "1.9.9")));
      expect(response.status).toBe(401);
    });

    test("and nothing came of what was refused", async () => {
      await sleep(QUIET_MS);
      expect((await opened().decisionsOf("app")).filter(({ tag }) => tag === "1.9.9")).toEqual([]);
    });

    test("bodies that are no JSON end in a plain refusal that shows nothing of the inside", async () => {
      const response = await post(opened().gcp.issuer.mintRaw(right), "{");
      expect(response.status).toBe(400);
      expect(await response.text()).not.toMatch(/node_modules|at .*\.js/);
    });

    test("an unknown path is said to be one", async () => {
      expect((await post(undefined, "{}", "/events/unknown")).status).toBe(404);
    });
  });
};
