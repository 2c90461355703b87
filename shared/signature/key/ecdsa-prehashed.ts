import { type Der, readDer, sequenceOf } from "../encoding/der.ts";
import { readInteger } from "../encoding/der-values.ts";
import { refuse, refuseAs } from "../refusal.ts";
import type { PublicKey } from "./keys.ts";

/**
 * ECDSA verification of a digest, for artifacts of which nothing but the digest is at hand: OpenSSL, as node:crypto
 * offers it, hashes by itself. Works on public values only, so it need not run in constant time. Not on the path
 * of artifacts in a registry.
 */
interface Curve {
  readonly p: bigint;
  readonly n: bigint;
  readonly b: bigint;
  readonly g: Point;
}

/** Jacobian coordinates; z = 0 is the point at infinity. */
interface Point {
  readonly x: bigint;
  readonly y: bigint;
  readonly z: bigint;
}

const INFINITY: Point = { x: 1n, y: 1n, z: 0n };

/** FIPS 186-5 / SP 800-186 parameters; both curves have a = -3. */
const CURVES: { readonly [kind: string]: Curve | undefined } = {
  p256: {
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
    g: {
      x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
      y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
      z: 1n,
    },
  },
  p384: {
    p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffn,
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
    g: {
      x: 0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
      y: 0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
      z: 1n,
    },
  },
};

const mod = (value: bigint, modulus: bigint): bigint => ((value % modulus) + modulus) % modulus;

const power = (base: bigint, exponent: bigint, modulus: bigint): bigint => {
  let result = 1n;
  let square = mod(base, modulus);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
};

/** Both moduli are prime, so Fermat gives the inverse. */
const inverse = (value: bigint, modulus: bigint): bigint => power(value, modulus - 2n, modulus);

const double = ({ x, y, z }: Point, { p }: Curve): Point => {
  if (z === 0n || y === 0n) return INFINITY;
  const zz = z * z;
  const m = mod(3n * (x - zz) * (x + zz), p);
  const yy = mod(y * y, p);
  const s = mod(4n * x * yy, p);
  const nextX = mod(m * m - 2n * s, p);
  return { x: nextX, y: mod(m * (s - nextX) - 8n * yy * yy, p), z: mod(2n * y * z, p) };
};

const add = (a: Point, b: Point, curve: Curve): Point => {
  if (a.z === 0n) return b;
  if (b.z === 0n) return a;
  const { p } = curve;
  const az = mod(a.z * a.z, p);
  const bz = mod(b.z * b.z, p);
  const u = mod(a.x * bz, p);
  const s = mod(a.y * b.z * bz, p);
  const h = mod(b.x * az - u, p);
  const r = mod(b.y * a.z * az - s, p);
  if (h === 0n) return r === 0n ? double(a, curve) : INFINITY;
  const hh = mod(h * h, p);
  const hhh = mod(h * hh, p);
  const x = mod(r * r - hhh - 2n * u * hh, p);
  return { x, y: mod(r * (u * hh - x) - s * hhh, p), z: mod(h * a.z * b.z, p) };
};

const multiply = (scalar: bigint, point: Point, curve: Curve): Point => {
  let result = INFINITY;
  for (const bit of scalar.toString(2)) {
    result = double(result, curve);
    if (bit === "1") result = add(result, point, curve);
  }
  return result;
};

const toBigInt = (bytes: Buffer): bigint => BigInt(`0x0${bytes.toString("hex")}`);

const isOnCurve = ({ x, y }: Point, { p, b }: Curve): boolean =>
  mod(y * y - (x * x * x - 3n * x + b), p) === 0n;

const readPoint = ({ object }: PublicKey): Point => {
  const { x, y } = object.export({ format: "jwk" });
  return {
    x: toBigInt(Buffer.from(x ?? "", "base64url")),
    y: toBigInt(Buffer.from(y ?? "", "base64url")),
    z: 1n,
  };
};

const readScalar = (element: Der | undefined): bigint => {
  const bytes = readInteger(element);
  return (bytes[0] ?? 0) < 0x80 ? toBigInt(bytes) : refuse("evidence-malformed", "INTEGER is negative");
};

/** Strictly two numbers of one spelling, as OpenSSL reads them: a second text for one signature is none. */
const readSignature = (signature: Buffer): readonly [bigint, bigint] =>
  refuseAs("signature-invalid", () => {
    const [r, s, extra] = sequenceOf(readDer(signature));
    return extra === undefined
      ? [readScalar(r), readScalar(s)]
      : refuse("evidence-malformed", "signature has a third part");
  });

/** FIPS 186-5 6.4.2, from step 3. */
export const verifyPrehashed = (key: PublicKey, digest: Buffer, signature: Buffer): boolean => {
  const curve = CURVES[key.kind];
  if (curve === undefined) return false;
  const [r, s] = readSignature(signature);
  const { n, p, g } = curve;
  const point = readPoint(key);
  if (r <= 0n || r >= n || s <= 0n || s >= n || !isOnCurve(point, curve)) return false;
  const orderBits = n.toString(2).length;
  const excess = Math.max(0, digest.length * 8 - orderBits);
  const e = toBigInt(digest) >> BigInt(excess);
  const w = inverse(s, n);
  const sum = add(multiply(mod(e * w, n), g, curve), multiply(mod(r * w, n), point, curve), curve);
  if (sum.z === 0n) return false;
  const x = mod(sum.x * inverse(mod(sum.z * sum.z, p), p), p);
  return mod(x, n) === r;
};
