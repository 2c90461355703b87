/** Query values that may be credentials of a signed URL are never shown; only their names are. */
export const redactUrl = (url: URL): string => {
  const names = [...new Set(url.searchParams.keys())]
    .slice(0, 8)
    .map((name) => `${encodeURIComponent(name)}=…`);
  return `${url.protocol}//${url.host}${url.pathname}${names.length === 0 ? "" : `?${names.join("&")}`}`;
};
