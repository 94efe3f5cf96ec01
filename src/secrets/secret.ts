import { hash, timingSafeEqual } from "node:crypto";
import { inspect } from "node:util";

const mask = "[secret]";

/**
 * A string that must not be seen. Whatever prints, logs, copies or enumerates it gets `[secret]` or nothing at all; the
 * string leaves through `use` only, so that a search for `.use(` finds every place where it does.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
    // Nobody can hang a copy of the value on it, or replace what masks it.
    Object.freeze(this);
  }

  /** Hands the string to the function. What that returns, keeps or throws is its own responsibility. */
  use<Result>(consume: (value: string) => Result): Result {
    return consume(this.#value);
  }

  /** Takes the same time wherever the two differ, and whatever their lengths are. */
  equals(other: Secret): boolean {
    return timingSafeEqual(digest(this.#value), digest(other.#value));
  }

  toString(): string {
    return mask;
  }

  toJSON(): string {
    return mask;
  }

  [Symbol.toPrimitive](): string {
    return mask;
  }

  [inspect.custom](): string {
    return mask;
  }
}

function digest(value: string): Buffer {
  return hash("sha256", value, "buffer");
}
