import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Secret } from "../../secrets/secret.ts";

const saltBytes = 16;

/**
 * What is stored of a key: the SHA-256 of salt and key. A key has 256 random bits, so that nobody finds it by trying,
 * however fast the hash is; a slow one would only cost the service time at every request.
 */
export class KeyHash {
  readonly #digest: Buffer;

  private constructor(digest: Buffer) {
    this.#digest = digest;
  }

  static of(salt: string, key: Secret): KeyHash {
    return new KeyHash(key.use((text) => hash("sha256", salt + text, "buffer")));
  }

  /** `text` is what `toText` made: 64 hexadecimal digits. */
  static fromText(text: string): KeyHash {
    return new KeyHash(Buffer.from(text, "hex"));
  }

  /** For the file of records only. */
  toText(): string {
    return this.#digest.toString("hex");
  }

  /** Takes the same time wherever the two differ. */
  equals(other: KeyHash): boolean {
    return timingSafeEqual(this.#digest, other.#digest);
  }
}

/** 32 hexadecimal digits. */
export function createSalt(): string {
  return randomBytes(saltBytes).toString("hex");
}
