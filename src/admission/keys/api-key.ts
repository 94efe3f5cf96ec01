import { randomInt } from "node:crypto";
import { crc32 } from "node:zlib";
import { Secret } from "../../secrets/secret.ts";

/**
 * A key is `gk_<id>_<secret><checksum>`: the id finds its record and may be logged; the secret is random; the checksum
 * finds typing errors without a look at any record, and lets scanners tell a key from other text.
 */
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const idLength = 12;
/** 62 ** 43 > 2 ** 256. */
const secretLength = 43;
/** 62 ** 6 > 2 ** 32. */
const checksumLength = 6;
const form = new RegExp(`^gk_([0-9A-Za-z]{${idLength}})_[0-9A-Za-z]{${secretLength + checksumLength}}$`);

export const idForm: RegExp = new RegExp(`^[0-9A-Za-z]{${idLength}}$`);

export function createKeyId(): string {
  return randomText(idLength);
}

/** A new key of this id, with 256 bits of randomness. */
export function createApiKey(id: string): Secret {
  const start = `gk_${id}_${randomText(secretLength)}`;
  return new Secret(start + checksum(start));
}

/** The id in a key; null when the text is not a key at all or was mistyped. Says nothing about whether the key is known. */
export function keyIdOf(text: string): string | null {
  const id = form.exec(text)?.[1] ?? null;
  return id !== null && text.endsWith(checksum(text.slice(0, -checksumLength))) ? id : null;
}

/** Every character is equally likely. */
function randomText(length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join("");
}

function checksum(text: string): string {
  let rest = crc32(text);
  let digits = "";
  while (digits.length < checksumLength) {
    digits = (alphabet[rest % alphabet.length] ?? "") + digits;
    rest = Math.floor(rest / alphabet.length);
  }
  return digits;
}
