import { startMoodyService } from "./moods.ts";
import { describeRegistryCredentials } from "./registry-credentials.suite.ts";
import { LIFE_S, LOGIN_WIRES } from "./registry-logins.ts";

const START_MS = 1_700_000_000_000;

for (const [name, wire] of Object.entries(LOGIN_WIRES)) {
  const { facts, denied, empty, login, open, moody, headers, steps, password } = wire;
  describeRegistryCredentials(name, { ...facts, lifeMs: LIFE_S * 1_000 }, async () => {
    let nowMs = START_MS;
    const given: string[] = [];
    const service = await startMoodyService(
      (request, mood) => {
        if (mood === "denies") return denied;
        if (mood === "empty") return empty ?? login("", nowMs);
        const step = steps?.(request, nowMs);
        if (step !== undefined) return step;
        const text = password?.(given.length, nowMs) ?? `pass:word-${given.length}`;
        if (mood === "well") given.push(text);
        return login(text, nowMs);
      },
      { ...(headers && { headers }), ...(moody && { isMoody: moody }) },
    );
    return {
      credentials: open(service.double.url, { nowMs: () => nowMs }),
      service,
      given,
      advance(ms) {
        nowMs += ms;
      },
      close: () => service.double.close(),
    };
  });
}
