/** A map that forgets its oldest entry when full, so that names an attacker invents cannot fill the memory. */
export const createBoundedMap = <V>(maxEntries: number) => {
  const entries = new Map<string, V>();
  return {
    get: (key: string): V | undefined => entries.get(key),
    delete: (key: string): boolean => entries.delete(key),
    set: (key: string, value: V): void => {
      entries.delete(key);
      entries.set(key, value);
      const [oldest] = entries.keys();
      if (entries.size > maxEntries && oldest !== undefined) entries.delete(oldest);
    },
  };
};
