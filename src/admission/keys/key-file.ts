import { realpathSync } from "node:fs";
import { OperatorError } from "../../operator-error.ts";
import { withFileLock } from "../../secrets/file-lock.ts";
import { readSecretFile } from "../../secrets/secret-file.ts";
import { writeSecretFile } from "../../secrets/write-secret-file.ts";
import { apiKeysBundle } from "./key-bundle.ts";
import { formatKeyRecords, type KeyRecords, parseKeyRecords } from "./key-records.ts";

/**
 * The records in a file.
 * @throws {OperatorError} that names the file when it cannot be read or is no file of records.
 */
export function readKeyFile(path: string): KeyRecords {
  const records = readIfThere(path);
  if (records === null) {
    throw new OperatorError(`${path} is not there; \`npm run keys -- create\` makes it`);
  }
  return records;
}

/**
 * Changes a file of records in one step, and one change at a time; a file that is not there holds no records.
 *
 * @param change Makes the new records of the old ones; what it throws leaves the file as it is.
 * @throws {OperatorError} that names the file when it cannot be read, locked or written.
 */
export async function changeKeyFile<Change extends { readonly records: KeyRecords }>(
  path: string,
  change: (records: KeyRecords) => Change,
): Promise<Change> {
  const file = followLink(path);
  return withFileLock(file, () => {
    const changed = change(readIfThere(file) ?? new Map());
    writeSecretFile(file, formatKeyRecords(changed.records));
    return changed;
  });
}

function readIfThere(path: string): KeyRecords | null {
  const [field] = apiKeysBundle.fields;
  const reading = readSecretFile(path, field?.maxBytes ?? 0);
  if (reading.kind === "missing") {
    return null;
  }
  const parsed = reading.kind === "read" ? parseKeyRecords(reading.text) : reading;
  if ("problem" in parsed) {
    throw new OperatorError(`${path} ${parsed.problem}`);
  }
  return parsed.records;
}

/** A rename would replace the link and not the file. */
function followLink(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // Not there yet; any other reason shows when it is read.
    return path;
  }
}
