/** What a stage's storage account holds. The account is the stage's own, so these need no stage in them. */
export const QUEUES = { evaluate: "sluice-evaluate", deliver: "sluice-deliver" } as const;

/** Where the host moves a message that it handed over too often. */
export const poisonOf = (queue: string): string => `${queue}-poison`;

/** `limits` is intake's own: what strangers reach can read no state. */
export const TABLES = {
  state: "sluicestate",
  deadLetters: "sluicedeadletters",
  limits: "sluicelimits",
} as const;

/** The prefix of the settings that say where the storage is: the host's triggers and we read the same ones. */
export const STORAGE = "SLUICE_STORAGE";
