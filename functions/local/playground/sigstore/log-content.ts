import {
  dsseBody,
  hashedRekordBody,
  hashedRekordV2Body,
  intotoBody,
  rekordBody,
  type SignerMaterial,
} from "./entry-bodies.ts";
import type { EntryBody, LogEntry } from "./log-entry.ts";
import type { Services } from "./services.ts";
import type { SignedContent } from "./sign-content.ts";
import type { EntryKind, SignRequest } from "./sign-request.ts";

const defaultKind = (content: SignedContent): EntryKind =>
  content.envelope === undefined ? "hashedrekord" : "dsse";

const toEntryBody = (request: SignRequest, signer: SignerMaterial, content: SignedContent): EntryBody => {
  const logged = { data: content.signed, signature: content.signature, signer };
  if (request.format === "bundle-rekor2") return hashedRekordV2Body(logged);
  const envelope = { ...content, envelope: content.envelope ?? {}, signer };
  switch (request.entryKind ?? defaultKind(content)) {
    case "hashedrekord":
      return hashedRekordBody(logged);
    case "rekord":
      return rekordBody(logged);
    case "dsse":
      return dsseBody(envelope);
    case "intoto":
      return intotoBody(envelope);
  }
};

const isLogged = ({ log, format, identity }: SignRequest): boolean =>
  log ?? (format.startsWith("bundle") || identity !== undefined);

/** Publishes the signature in the log the format belongs to. */
export const logContent = (
  services: Services,
  request: SignRequest,
  signer: SignerMaterial,
  content: SignedContent,
): readonly LogEntry[] => {
  const { steps = {} } = request;
  const honestLog = request.format === "bundle-rekor2" ? services.rekorV2 : services.rekorV1;
  const log = steps.log?.(honestLog) ?? honestLog;
  const entries: LogEntry[] = [];
  if (isLogged(request)) {
    const body = toEntryBody(request, signer, content);
    const atMs = request.atMs ?? services.nowMs();
    const entry = log.append(steps.entryBody?.(body) ?? body, steps.loggedAtMs?.(atMs) ?? atMs);
    entries.push(steps.entry?.(entry, log) ?? entry);
  }
  return steps.entries?.(entries, log) ?? entries;
};
