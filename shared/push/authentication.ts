/** What a sender's authenticity rests on. `none`: at best it knows an unguessable address. */
export type Authenticity = "signature" | "shared-secret" | "token" | "platform" | "none";

export type RefusalReason =
  | "no-secret-configured"
  | "secret-missing"
  | "secret-wrong"
  | "signature-missing"
  | "signature-malformed"
  | "signature-wrong"
  | "token-missing"
  | "token-refused"
  | "token-rule-incomplete";

export type AuthenticationResult =
  | { readonly authentic: true; readonly by: Authenticity }
  | { readonly authentic: false; readonly reason: RefusalReason };
