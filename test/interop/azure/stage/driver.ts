import { setTimeout as wait } from "node:timers/promises";
import { sendText } from "../../../../shared/adapters/azure/storage-queue.ts";
import type { DecisionRecord } from "../../../../shared/state.ts";
import { pushImage } from "../../world/images.ts";
import type { Announced } from "./events.ts";
import type { AzureStage } from "./stage.ts";

const FINAL_TIMEOUT_MS = 30_000;

/** Looks again and again; what is never there is an error. */
export const until = async <T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T> => {
  const deadlineMs = Date.now() + FINAL_TIMEOUT_MS;
  while (Date.now() < deadlineMs) {
    const found = await look();
    if (found !== undefined) return found;
    await wait(50);
  }
  throw new Error(`waited in vain: ${what}`);
};

/** What happens outside Sluice, and what can be seen of it. */
export const createDriver = (stage: AzureStage) => {
  const push = async (repository: string, tag: string): Promise<Announced> => {
    const image = await pushImage({
      host: stage.base.host("referrers"),
      repository,
      tag,
      text: `${repository} ${tag}`,
    });
    return { image, tag };
  };

  const sign = ({ image }: Announced): Promise<void> =>
    stage.base.cosign(3).sign(image.reference, { format: "bundle", by: { token: stage.base.token() } });

  const announce = (event: object): Promise<void> =>
    sendText(stage.queues.evaluate, JSON.stringify(event), 0);

  const decisionsOf = async (object: string, tag: string): Promise<readonly DecisionRecord[]> => {
    const records = await stage.state.records({ subscription: `c/OCIRepository/${object}`, limit: 1_000 });
    return records.filter((record) => record.kind === "decision").filter((record) => record.tag === tag);
  };

  const finalDecision = (object: string, tag: string): Promise<DecisionRecord> =>
    until(`a decision on ${object} ${tag}`, async () =>
      (await decisionsOf(object, tag)).find(({ outcome }) => outcome !== "wait"),
    );

  const deliveriesOf = (object: string, digest: string) =>
    stage.receiver.requests.filter(({ body }) => {
      const text = Buffer.from(body).toString();
      return text.includes(`OCIRepository/${object}"`) && text.includes(digest);
    });

  const delivered = (object: string, digest: string) =>
    until(`a delivery for ${object}`, () =>
      deliveriesOf(object, digest).find(({ status }) => status === 200),
    );

  /** Nobody delivers to it now, so that who is killed leaves no lease behind. */
  const idle = (receiver: string) =>
    until(`${receiver} idle`, async () => {
      const key = `deliver/${receiver}`;
      if (!(await stage.state.claim(key, "test", Date.now() + 10_000))) return undefined;
      await stage.state.release(key, "test");
      return true;
    });

  return { push, sign, announce, decisionsOf, finalDecision, deliveriesOf, delivered, idle };
};
