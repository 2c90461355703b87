export type Credentials =
  | { readonly username: string; readonly password: string }
  /** A refresh token: exchanged at the registry's token end point, never sent to the registry itself. */
  | { readonly identityToken: string }
  /** A ready access token, sent as `Authorization: Bearer`. */
  | { readonly bearer: string };

/** Asked with the registry's host (and port) each time an answer is needed; caching is its own affair. */
export type CredentialsSource = (
  registry: string,
) => Credentials | undefined | Promise<Credentials | undefined>;

export const toBasicHeader = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
