import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { systemErrorCode } from "../system-error-code.ts";

/** What reading a secret's file gave. */
export type SecretFileReading =
  | { readonly kind: "missing" }
  | { readonly kind: "refused"; readonly problem: string }
  | { readonly kind: "read"; readonly text: string; readonly warning: string | null };

const readableByOthers = 0o004;
const writableByOthers = 0o002;

/**
 * Reads a file that holds a secret. It must be a regular file that others cannot write, in UTF-8; a warning when others
 * can read it. Problems and warnings are ends of a sentence that starts with the file's name, and quote nothing of it.
 */
export function readSecretFile(path: string, maxBytes: number): SecretFileReading {
  let descriptor: number;
  try {
    // O_NONBLOCK: opening a pipe that nobody writes would wait for ever.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = systemErrorCode(error);
    return code === "ENOENT" ? { kind: "missing" } : refused(`cannot be opened (${code})`);
  }
  try {
    const facts = fstatSync(descriptor);
    if (!facts.isFile()) {
      return refused("is not a regular file");
    }
    if ((facts.mode & writableByOthers) !== 0) {
      return refused("is writable by others; run `chmod o-w` on it");
    }
    if (facts.size > maxBytes) {
      return refused(`is larger than ${maxBytes} bytes`);
    }
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(descriptor));
    return { kind: "read", text, warning: warningOf(facts.mode) };
  } catch (error) {
    // The decoder's error has this code.
    const code = systemErrorCode(error);
    return refused(code === "ERR_ENCODING_INVALID_ENCODED_DATA" ? "is not valid UTF-8" : `cannot be read (${code})`);
  } finally {
    closeSync(descriptor);
  }
}

function refused(problem: string): SecretFileReading {
  return { kind: "refused", problem };
}

function warningOf(mode: number): string | null {
  return (mode & readableByOthers) === 0
    ? null
    : "is readable by others; run `chmod o-r` on it, or set `defaultMode: 0440` where it is mounted";
}
