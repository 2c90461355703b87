import { expect, test } from "vitest";
import { expectDeliveriesToBeSentAgain } from "../world/person-deliveries.ts";
import { type Play, toEcrEvent } from "./story-play.ts";
import { BOTH } from "./story-policy.ts";

interface PersonStage {
  readonly play: Play;
  pushSigned(repository: string, tag: string): Promise<string>;
}

/** What a person does about deliveries with the `sluice` command and credentials of their own. */
export const describePerson = (opened: () => PersonStage): void => {
  test("a person replays what was parked, and enables a receiver that wanted no more", async () => {
    const { play, pushSigned } = opened();
    const { world } = play;
    await expectDeliveriesToBeSentAgain(
      {
        run: play.sluice,
        receiver: world.receiver,
        object: "c/OCIRepository/apps/app",
        receiverId: "c/apps/generic-hmac",
        async publish(tag) {
          const digest = await pushSigned("acme/app", tag);
          await play.emit(toEcrEvent("acme/app", digest, tag));
          return digest;
        },
        answerAll: (status) => {
          world.trouble.status = status;
        },
        work: async () => [await play.poll("evaluate"), await play.poll("deliver")],
      },
      ["1.10.0", "1.11.0"],
    );
    expect(await play.sluice("deliveries", "enable", "c/apps/generic-oidc")).toMatchObject({ replayed: 1 });
    await play.workUntil("the other Receiver", () => play.acceptedFor("1.11.0").length >= 2);
    expect(play.acceptedFor("1.11.0")).toEqual(BOTH);
  });
};
