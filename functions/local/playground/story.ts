import { setTimeout as wait } from "node:timers/promises";
import type { DecisionOutcome, StoredRecord } from "../../../shared/state.ts";
import { pushArtifact, signArtifact } from "./artifacts.ts";
import { OBJECT, type Playground, RANGE, SIGNER } from "./playground.ts";

/** A signature that arrives this much after its version. */
const LATE_MS = 3_000;
/** Until a step must have ended: the evidence deadline and a slow machine. */
const STEP_TIMEOUT_MS = 20_000;
const POLL_MS = 20;

const STRANGER = "mallory/app";

/** How a pushed version comes by its signature. */
export type Signing = "signed" | "stranger" | "unsigned" | "late";

export interface Step {
  readonly title: string;
  readonly tag: string;
  readonly signing: Signing;
  readonly expected: { readonly outcome: DecisionOutcome; readonly reason: string };
}

export const STORY: readonly Step[] = [
  {
    title: `a version signed by ${SIGNER}'s release workflow`,
    tag: "1.0.0",
    signing: "signed",
    expected: { outcome: "notify", reason: "verified" },
  },
  {
    title: `a version signed by another repository, ${STRANGER}`,
    tag: "1.1.0",
    signing: "stranger",
    expected: { outcome: "reject", reason: "identity-mismatch" },
  },
  {
    title: "a version that nobody signed",
    tag: "1.2.0",
    signing: "unsigned",
    expected: { outcome: "reject", reason: "unsigned" },
  },
  {
    title: `a version whose signature arrives ${LATE_MS / 1_000} s late`,
    tag: "1.3.0",
    signing: "late",
    expected: { outcome: "notify", reason: "verified" },
  },
  {
    title: `a version outside the object's range (${RANGE})`,
    tag: "2.0.0",
    signing: "signed",
    expected: { outcome: "ignore", reason: "outside-range" },
  },
];

export interface Narrator {
  step(number: number, step: Step): void;
  did(what: string): void;
  decided(record: StoredRecord): void;
  told(objects: readonly string[]): void;
  ended(step: Step, asExpected: boolean): void;
}

/** Pushes one version over HTTP, with its signature before, after or never. */
export const pushVersion = async (
  { client, repository, sigstore }: Playground,
  tag: string,
  signing: Signing,
  did: (what: string) => void,
): Promise<void> => {
  const artifact = await pushArtifact(client, repository, `${tag} ${signing} ${Date.now()}`);
  const sign = async (signer: string): Promise<void> => {
    await signArtifact(client, sigstore, artifact, { repository: signer, ref: `refs/tags/v${tag}` });
    did(`${signer} signed ${artifact.digest.slice(0, 19)}…`);
  };
  // As careful pipelines do it: sign the digest first, then let the tag name it.
  if (signing === "signed") await sign(SIGNER);
  await client.tagManifest(repository, artifact.digest, tag);
  did(`pushed ${repository.registry}/${repository.repository}:${tag}`);
  if (signing === "stranger") await sign(STRANGER);
  if (signing !== "late") return;
  await wait(LATE_MS);
  await sign(SIGNER);
};

/** Shows each new decision about `tag` until a final one came; undefined when none does in time. */
const awaitDecision = async (
  { runtime }: Playground,
  tag: string,
  from: number,
  decided: Narrator["decided"],
  deadlineMs: number,
): Promise<StoredRecord | undefined> => {
  let seen = from;
  while (Date.now() < deadlineMs) {
    for (const record of await runtime.state.records({ afterSequence: seen, limit: 100 })) {
      seen = record.sequence;
      if (record.kind !== "decision" || record.tag !== tag) continue;
      decided(record);
      if (record.outcome !== "wait") return record;
    }
    await wait(POLL_MS);
  }
  return undefined;
};

const awaitReceiver = async (
  { receiver }: Playground,
  before: number,
  deadlineMs: number,
): Promise<boolean> => {
  while (receiver.accepted.length <= before && Date.now() < deadlineMs) await wait(POLL_MS);
  return receiver.accepted.length > before;
};

const lastSequence = async ({ runtime }: Playground): Promise<number> => {
  const [last] = await runtime.state.records({ newestFirst: true, limit: 1 });
  return last?.sequence ?? 0;
};

/** Plays one step and says whether it ended as it should. */
const playStep = async (playground: Playground, step: Step, narrator: Narrator): Promise<boolean> => {
  const { receiver } = playground;
  const before = receiver.requests.length;
  const accepted = receiver.accepted.length;
  const from = await lastSequence(playground);
  const deadlineMs = Date.now() + STEP_TIMEOUT_MS;
  const [record] = await Promise.all([
    awaitDecision(playground, step.tag, from, narrator.decided, deadlineMs),
    pushVersion(playground, step.tag, step.signing, narrator.did),
  ]);
  const decided =
    record?.kind === "decision" &&
    record.outcome === step.expected.outcome &&
    record.reason === step.expected.reason;
  if (step.expected.outcome !== "notify") return decided && receiver.requests.length === before;
  if (!(await awaitReceiver(playground, accepted, deadlineMs))) return false;
  const annotated = receiver.accepted.at(-1)?.annotated ?? [];
  narrator.told(annotated);
  return (
    decided && annotated.length === 1 && annotated[0] === OBJECT && receiver.requests.length === before + 1
  );
};

/** Plays the whole story; false if any step ended otherwise than it should. */
export const playStory = async (playground: Playground, narrator: Narrator): Promise<boolean> => {
  let allAsExpected = true;
  for (const [index, step] of STORY.entries()) {
    narrator.step(index + 1, step);
    const asExpected = await playStep(playground, step, narrator);
    narrator.ended(step, asExpected);
    allAsExpected &&= asExpected;
  }
  return allAsExpected;
};
