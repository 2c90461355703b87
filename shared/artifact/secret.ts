import { timingSafeEqual } from "node:crypto";

const REDACTED = "[redacted]";

/**
 * A secret on its way to where it is used. Printed, logged, put in a template or made JSON, it shows `[redacted]`;
 * only `reveal` and `revealBytes` give the value.
 */
export class Secret {
  readonly #bytes: Uint8Array;

  constructor(value: string | Uint8Array) {
    this.#bytes = typeof value === "string" ? new TextEncoder().encode(value) : Uint8Array.from(value);
  }

  reveal(): string {
    return new TextDecoder().decode(this.#bytes);
  }

  revealBytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  /** Takes the same time wherever the two differ; only the length can be learnt. */
  equals(other: Uint8Array): boolean {
    return other.byteLength === this.#bytes.byteLength && timingSafeEqual(this.#bytes, other);
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.toPrimitive](): string {
    return REDACTED;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return REDACTED;
  }
}
