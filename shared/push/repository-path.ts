/**
 * What clients pull is not always what the event calls it: a virtual repository in front of a local one, or no such
 * part at all. `paths` maps the event's first part to the clients'; an empty one drops it.
 */
export const toClientPath = (
  first: string,
  rest: string,
  paths: Readonly<Record<string, string>> | undefined,
  byDefault: string,
): string => {
  const mapped = paths !== undefined && Object.hasOwn(paths, first) ? paths[first] : byDefault;
  return mapped === undefined || mapped === "" ? rest : `${mapped}/${rest}`;
};
