import { type Json, type JsonObject, parseJson } from "../encoding/json.ts";
import { isSet, toArray, toClosedObject, toObject, toText } from "../encoding/json-fields.ts";
import { Refusal, refuse } from "../refusal.ts";

/*
 * What Flux's controller takes for a bundle at all (sigstore-go's reading of one): it then looks at bundles alone,
 * however this one fares. What it cannot read hides nothing. Looser than our own reading: protobuf's JSON knows
 * each name in two spellings, and base64 in several.
 */

const V03 = /^application\/vnd\.dev\.sigstore\.bundle(?:\+json;version=0\.3|\.v0\.3(?:\.\d+)?\+json)$/;
const MAX_ENTRIES = 32;

const FIELDS = new Set(["mediaType", "verificationMaterial", "dsseEnvelope", "messageSignature"]);

const toCamelCase = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The member of that name, in either spelling. */
const member = (object: JsonObject, name: string): Json | undefined => {
  const found = Object.entries(object).filter(([key, value]) => toCamelCase(key) === name && isSet(value));
  if (found.length > 1) refuse("evidence-malformed", `${name} is there in two spellings`);
  return found[0]?.[1];
};

const part = (object: JsonObject, name: string): JsonObject => toObject(member(object, name), name);

const checkEntry = (entry: JsonObject): void => {
  toText(member(part(entry, "logId"), "keyId"), "keyId");
  part(entry, "kindVersion");
  const body = Buffer.from(toText(member(entry, "canonicalizedBody"), "body"), "base64");
  toText(toObject(parseJson(body), "body").kind, "kind");
  const proof = member(entry, "inclusionProof");
  if (proof === undefined) return;
  const envelope = member(part(toObject(proof, "proof"), "checkpoint"), "envelope");
  if (toText(envelope, "checkpoint") === "") refuse("evidence-malformed", "checkpoint is empty");
};

const checkEntries = (material: JsonObject): void => {
  const list = member(material, "tlogEntries");
  const entries = list === undefined ? [] : toArray(list, "entries").map((item) => toObject(item, "entry"));
  if (entries.length > MAX_ENTRIES) refuse("limit-exceeded", "too many entries");
  entries.forEach(checkEntry);
  const proved = entries.some((entry) => member(entry, "inclusionProof") !== undefined);
  if (entries.length > 0 && !proved) refuse("log-proof-missing", "no entry has a proof");
};

const check = (bytes: Buffer): void => {
  const bundle = Object.fromEntries(
    Object.entries(toObject(parseJson(bytes), "bundle")).map(([name, value]) => [toCamelCase(name), value]),
  );
  toClosedObject(bundle, "bundle", FIELDS);
  if (!V03.test(toText(bundle.mediaType, "mediaType"))) refuse("bundle-version-unsupported", "not v0.3");
  const material = toObject(bundle.verificationMaterial, "material");
  checkEntries(material);
  const signers = ["certificate", "publicKey", "x509CertificateChain"].filter((name) =>
    isSet(member(material, name)),
  );
  if (signers.length !== 1 || signers[0] === "x509CertificateChain")
    refuse("evidence-malformed", "not exactly one signer");
  if (isSet(bundle.dsseEnvelope) === isSet(bundle.messageSignature))
    refuse("evidence-malformed", "not exactly one content");
};

export const isBundleToFlux = (bytes: Buffer): boolean => {
  try {
    check(bytes);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
};
