export type Actions = "pull" | "pull,push" | "delete";

export const toScope = (repository: string, actions: Actions): string =>
  `repository:${repository}:${actions}`;

const split = (scope: string): { resource: string; actions: readonly string[] } => {
  const colon = scope.lastIndexOf(":");
  return { resource: scope.slice(0, colon), actions: scope.slice(colon + 1).split(",") };
};

const covers = (wide: string, narrow: string): boolean => {
  const own = split(wide);
  const asked = split(narrow);
  return own.resource === asked.resource && asked.actions.every((action) => own.actions.includes(action));
};

const LONGEST_SCOPE = 2_048;

/**
 * What to ask the token end point for: our own scope, and before it whatever the challenge wants beyond it
 * (some end points look at the first only).
 */
export const mergeScopes = (own: string, challenged: string | undefined): readonly string[] => {
  if (challenged === undefined || challenged.length > LONGEST_SCOPE) return [own];
  const further = challenged.split(/\s+/).filter((scope) => scope !== "" && !covers(own, scope));
  return [...new Set([...further, own])];
};
