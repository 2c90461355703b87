const US_PER_MS = 1_000;

/** What this process has cost so far, for whoever started it. */
export const sayCpu = (): void => {
  const { user, system } = process.cpuUsage();
  process.stdout.write(`\ncpu ${(user + system) / US_PER_MS}\n`);
};
