import { join } from "node:path";
import { z } from "zod";
import { OperatorError } from "../operator-error.ts";
import { readJsonFile } from "./json-file.ts";

const configSchema = z.object({ id2label: z.record(z.string().regex(/^\d+$/), z.string().min(1)) });

/**
 * The names of a classifier's outputs by index, from `id2label` of its `config.json`.
 * @throws {OperatorError} that names the file when it cannot be read or the ids are not 0, 1, 2, …
 */
export async function readLabels(folder: string): Promise<string[]> {
  const file = join(folder, "config.json");
  const parsed = configSchema.safeParse((await readJsonFile(file)).value);
  if (!parsed.success) {
    throw new OperatorError(`${file} has no valid id2label: ${z.prettifyError(parsed.error)}`);
  }
  const labels = parsed.data.id2label;
  const count = Object.keys(labels).length;
  return Array.from({ length: count }, (_, id) => {
    const label = labels[String(id)];
    if (label === undefined) {
      throw new OperatorError(`${file} has ${count} labels but none for id ${id}`);
    }
    return label;
  });
}
