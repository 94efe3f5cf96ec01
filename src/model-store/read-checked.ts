import { z } from "zod";
import { OperatorError } from "../operator-error.ts";
import { readJsonFile } from "./json-file.ts";

/**
 * What a JSON file of a model folder says.
 * @throws {OperatorError} that names the file and what is wrong with it.
 */
export async function readChecked<Schema extends z.ZodType>(file: string, schema: Schema): Promise<z.infer<Schema>> {
  const parsed = schema.safeParse((await readJsonFile(file)).value);
  if (!parsed.success) {
    throw new OperatorError(`${file} cannot be used: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}
