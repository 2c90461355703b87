import { keepFresh } from "../../shared/adapters/remote/kept.ts";
import type { NamedSecrets } from "../../shared/adapters/remote/named-secrets.ts";
import { Secret } from "../../shared/artifact/secret.ts";
import { PipelineError } from "../../shared/errors.ts";
import type { Clock, SecretSource } from "../../shared/ports.ts";

/** How long a secret is used before it is read again: a rotated one counts within that time, and stores have quotas. */
const KEPT_MS = 60_000;
/** A store out of reach costs nothing while what was read from it is younger than this. */
const STALE_MS = 15 * 60_000;
/** How long such a store is left alone. */
const PAUSE_MS = 10_000;

const unavailable = (message: string, cause?: unknown): PipelineError =>
  new PipelineError(message, { code: "SECRET_UNAVAILABLE", cause });

interface Known {
  readonly secret: Secret;
  readonly readAtMs: number;
  /** Until then it is used without asking. */
  pausedUntilMs: number;
}

/**
 * `{secret: name}` from the platform's own store, everything else from where it was. An outage of the store is bridged
 * with what it last gave; its refusal is not.
 */
export const withNamedSecrets = (
  source: SecretSource,
  readNamed: NamedSecrets,
  { nowMs }: Clock,
  timeoutMs?: number,
): SecretSource => {
  const known = new Map<string, Known>();

  const ask = keepFresh<Secret>({
    nowMs,
    async ask(name, signal) {
      const answer = await readNamed(name, signal);
      if (answer instanceof Secret) {
        known.set(name, { secret: answer, readAtMs: nowMs(), pausedUntilMs: 0 });
        return { value: answer, keepMs: KEPT_MS };
      }
      known.delete(name);
      throw unavailable(`secret ${name}: ${answer.refused}`);
    },
    failure: (name, cause) => unavailable(`secret ${name}: no answer in time`, cause),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });

  const read = async (name: string): Promise<Secret> => {
    const paused = known.get(name);
    if (paused !== undefined && nowMs() < paused.pausedUntilMs) return paused.secret;
    try {
      return await ask(name);
    } catch (error) {
      const before = known.get(name);
      const staleAtMs = (before?.readAtMs ?? 0) + STALE_MS;
      if (before === undefined || nowMs() >= staleAtMs) throw error;
      before.pausedUntilMs = Math.min(nowMs() + PAUSE_MS, staleAtMs);
      return before.secret;
    }
  };

  return { read: async (ref) => ("secret" in ref ? read(ref.secret) : source.read(ref)) };
};
