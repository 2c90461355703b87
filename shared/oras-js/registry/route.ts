export type Route =
  | { readonly kind: "base" }
  | { readonly kind: "catalog" }
  | { readonly kind: "token" }
  | { readonly kind: "tags"; readonly repository: string }
  | { readonly kind: "manifest"; readonly repository: string; readonly reference: string }
  | { readonly kind: "blob"; readonly repository: string; readonly digest: string }
  | { readonly kind: "uploads"; readonly repository: string }
  | { readonly kind: "upload"; readonly repository: string; readonly id: string }
  | { readonly kind: "referrers"; readonly repository: string; readonly digest: string }
  | { readonly kind: "bad-name" }
  | { readonly kind: "unknown" };

const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;

export const isRepositoryName = (name: string): boolean =>
  name.length <= 255 && name.split("/").every((component) => COMPONENT.test(component));

const parseRepositoryRoute = (rest: string): Route => {
  const parts = rest.split("/");
  const last = parts.at(-1) ?? "";
  const kind = parts.at(-2);
  const name = parts.slice(0, -2).join("/");
  const upload = parts.at(-3) === "blobs" && kind === "uploads";
  const repository = upload ? parts.slice(0, -3).join("/") : name;
  const known = upload || kind === "manifests" || kind === "blobs" || kind === "referrers";
  if (!known && !(kind === "tags" && last === "list")) return { kind: "unknown" };
  if (!isRepositoryName(repository)) return { kind: "bad-name" };
  if (upload) return last === "" ? { kind: "uploads", repository } : { kind: "upload", repository, id: last };
  switch (kind) {
    case "tags":
      return { kind: "tags", repository };
    case "manifests":
      return { kind: "manifest", repository, reference: last };
    case "blobs":
      // Without the closing slash some clients start an upload too.
      return last === "uploads"
        ? { kind: "uploads", repository }
        : { kind: "blob", repository, digest: last };
    default:
      return { kind: "referrers", repository, digest: last };
  }
};

export const parseRoute = (path: string): Route => {
  if (path === "/token") return { kind: "token" };
  if (path === "/v2" || path === "/v2/") return { kind: "base" };
  if (path === "/v2/_catalog") return { kind: "catalog" };
  return path.startsWith("/v2/") ? parseRepositoryRoute(path.slice(4)) : { kind: "unknown" };
};
