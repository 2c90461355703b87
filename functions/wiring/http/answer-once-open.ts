import type { Log } from "../../../shared/pipeline/deps.ts";
import { say } from "../../../shared/pipeline/intake/answer.ts";
import type { Intake } from "../../../shared/pipeline/intake/intake.ts";

/**
 * Answers by what `open` gives. While that cannot be opened, and for what nobody foresaw, it is a 503 that says nothing
 * of the inside: a sender tries again, an operator keeps what it has.
 */
export const answerOnceOpen =
  (open: () => Promise<Intake>, log: Log): Intake =>
  async (request) => {
    try {
      const intake = await open();
      return await intake(request);
    } catch (error) {
      // Not the path: a source that can prove nothing has its secret there.
      log("request-failed", { reason: error instanceof Error ? error.message : String(error) });
      return say(503, "not now: try again later", { "retry-after": "5" });
    }
  };
