export type Credentials =
  | { readonly username: string; readonly password: string }
  /** A refresh token: exchanged at the registry's token end point, never sent to the registry itself. */
  | { readonly identityToken: string }
  /** A ready access token, sent as `Authorization: Bearer`. */
  | { readonly bearer: string };

/**
 * Asked with the registry's host (and port) and the repository in question, but only after the registry wanted
 * credentials; it is asked each time a header or token is made, so caching is its own affair.
 */
export type CredentialsSource = (
  registry: string,
  repository: string,
) => Credentials | undefined | Promise<Credentials | undefined>;

export const toBasicHeader = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
