/** A map that forgets what was used longest ago. Every cache here is one, so no input can make memory grow. */
export interface Lru<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
}

export const createLru = <V>(capacity: number): Lru<V> => {
  const entries = new Map<string, V>();
  return {
    get(key) {
      const value = entries.get(key);
      if (value === undefined) return undefined;
      entries.delete(key);
      entries.set(key, value);
      return value;
    },
    set(key, value) {
      entries.delete(key);
      entries.set(key, value);
      const oldest = entries.size > capacity ? entries.keys().next() : undefined;
      if (oldest?.done === false) entries.delete(oldest.value);
    },
  };
};
