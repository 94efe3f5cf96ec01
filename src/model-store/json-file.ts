import { readFile } from "node:fs/promises";
import { OperatorError } from "../operator-error.ts";
import { systemErrorCode } from "../system-error-code.ts";

/**
 * The text of a JSON file and what it says.
 * @throws {OperatorError} that names the file when it cannot be read or is no JSON.
 */
export async function readJsonFile(file: string): Promise<{ text: string; value: unknown }> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new OperatorError(`${file} cannot be read (${systemErrorCode(cause)})`, { cause });
  });
  try {
    return { text, value: JSON.parse(text) as unknown };
  } catch (cause) {
    throw new OperatorError(`${file} is no JSON`, { cause });
  }
}
