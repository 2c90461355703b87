/** The values of Firestore's REST form that Sluice writes. */
export type Value =
  | { readonly stringValue: string }
  | { readonly integerValue: string }
  | { readonly timestampValue: string }
  | { readonly mapValue: { readonly fields: Fields } };

export type Fields = Readonly<Record<string, Value>>;

export const text = (value: string): Value => ({ stringValue: value });
export const integer = (value: number): Value => ({ integerValue: String(Math.trunc(value)) });
export const instant = (ms: number): Value => ({ timestampValue: new Date(ms).toISOString() });
export const map = (fields: Fields): Value => ({ mapValue: { fields } });

/** A field without a value is left out: what is absent is in no index. */
export const optional = (name: string, value: Value | undefined): Fields =>
  value === undefined ? {} : { [name]: value };

const known = (fields: Fields, name: string): Value | undefined =>
  Object.hasOwn(fields, name) ? fields[name] : undefined;

export const textOf = (fields: Fields, name: string): string | undefined => {
  const value = known(fields, name);
  return value !== undefined && "stringValue" in value ? value.stringValue : undefined;
};

export const integerOf = (fields: Fields, name: string): number | undefined => {
  const value = known(fields, name);
  return value !== undefined && "integerValue" in value ? Number(value.integerValue) : undefined;
};

export const instantMsOf = (fields: Fields, name: string): number | undefined => {
  const value = known(fields, name);
  return value !== undefined && "timestampValue" in value ? Date.parse(value.timestampValue) : undefined;
};

export const mapOf = (fields: Fields, name: string): Fields => {
  const value = known(fields, name);
  // Firestore leaves `fields` out of an empty map.
  return value !== undefined && "mapValue" in value ? (value.mapValue.fields ?? {}) : {};
};
