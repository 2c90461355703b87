const MIB = 1024 * 1024;

/** Bodies above this are refused unread. Event Grid's largest batch is 1 MiB; GitHub's bodies are near 20 KiB. */
export const MAX_BODY_BYTES = MIB;

/** For senders that put a whole manifest (up to 4 MiB, escaped) or its list of layers into the event. */
export const MAX_MANIFEST_BODY_BYTES = 6 * MIB;

/** The deepest documented event (a Harbor scan) nests eight levels. */
export const MAX_JSON_DEPTH = 32;

/** Objects, arrays and members together, counted before anything is allocated for them. */
export const MAX_JSON_VALUES = 250_000;

/** Event Grid's own limit for a batch; no other sender comes near. */
export const MAX_EVENTS = 5_000;

/** Tags or resources that one event may name. */
export const MAX_NAMES_IN_EVENT = 1_000;

/** A bearer token is looked at only below this length. */
export const MAX_TOKEN_CHARACTERS = 16 * 1024;

/** Clocks of issuers and ours may differ by this much. */
export const TOKEN_CLOCK_SKEW_MS = 60_000;

/** Keys of an issuer are fetched again after this long. */
export const TOKEN_KEYS_MAX_AGE_MS = 60 * 60_000;

/** A token with an unknown key id causes at most one fetch in this time, whoever sends it. */
export const TOKEN_KEYS_COOLDOWN_MS = 30_000;

/** How long intake waits for an issuer's keys; Google's and Azure's senders wait longer than this. */
export const TOKEN_KEYS_TIMEOUT_MS = 5_000;
