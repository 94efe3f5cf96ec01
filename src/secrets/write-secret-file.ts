import { replaceFile } from "../replace-file.ts";

const ownerOnly = 0o600;
const groupCanRead = 0o040;

/**
 * Replaces a file of secrets in one step. A new file is its owner's alone; one that was there keeps its owner, and its
 * group's right to read: the service, under another user, must still be able to read it.
 *
 * @throws {OperatorError} that names the file; then it is as it was.
 */
export function writeSecretFile(path: string, text: string): void {
  replaceFile(path, text, (before) => ownerOnly | ((before ?? 0) & groupCanRead));
}
