import * as v from "valibot";

// Kubernetes reads a null as if the field were not there.
export const optionalText = v.nullish(v.string());
export const suspend = v.nullish(v.boolean());
export const localRef = v.object({ name: v.pipe(v.string(), v.minLength(1)) });
export const namespacedRef = v.object({
  name: v.pipe(v.string(), v.minLength(1)),
  namespace: optionalText,
});
export const labels = v.nullish(v.record(v.string(), v.string()));

export const verifySpec = v.nullish(
  v.object({
    provider: optionalText,
    secretRef: v.nullish(localRef),
    matchOIDCIdentity: v.nullish(v.array(v.object({ issuer: v.string(), subject: v.string() }))),
    trustedRootSecretRef: v.nullish(localRef),
  }),
);

export type VerifySpec = NonNullable<v.InferOutput<typeof verifySpec>>;
