import { type Digest, isDigest } from "../artifact/digest.ts";

const MAX_REPOSITORY_CHARACTERS = 255;
const MAX_HOST_CHARACTERS = 255;

// distribution-spec "Pulling manifests": <name> and <reference>. Anything else could climb out of a URL's path.
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;
const MEDIA_TYPE = /^[A-Za-z0-9!#$&^_.+-]{1,127}\/[A-Za-z0-9!#$&^_.+-]{1,127}$/;
const EVENT_ID = /^[\x21-\x7e]{1,200}$/;

export const isRepositoryPath = (text: string): boolean =>
  text.length <= MAX_REPOSITORY_CHARACTERS && REPOSITORY.test(text);

/** False for digests: several registries put one where a tag belongs. */
export const isUsableTag = (text: string | null | undefined): text is string =>
  typeof text === "string" && TAG.test(text);

export const isUsableDigest = (text: string | null | undefined): text is Digest =>
  typeof text === "string" && isDigest(text);

export const isHost = (text: string): boolean => text.length <= MAX_HOST_CHARACTERS && HOST.test(text);

export const isMediaType = (text: string | null | undefined): text is string =>
  typeof text === "string" && MEDIA_TYPE.test(text);

/** Ids go into keys and logs as they are, so no spaces, controls or novels. */
export const isEventId = (text: string): boolean => EVENT_ID.test(text);
