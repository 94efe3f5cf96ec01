import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const configSchema = z.object({ id2label: z.record(z.string().regex(/^\d+$/), z.string().min(1)) });

/**
 * The names of a classifier's outputs by index, from `id2label` of its `config.json`.
 * @throws Error that names the file when the ids are not 0, 1, 2, …
 */
export async function readLabels(folder: string): Promise<string[]> {
  const file = join(folder, "config.json");
  const parsed = configSchema.safeParse(JSON.parse(await readFile(file, "utf8")));
  if (!parsed.success) {
    throw new Error(`${file} has no valid id2label: ${z.prettifyError(parsed.error)}`);
  }
  const labels = parsed.data.id2label;
  const count = Object.keys(labels).length;
  return Array.from({ length: count }, (_, id) => {
    const label = labels[String(id)];
    if (label === undefined) {
      throw new Error(`${file} has ${count} labels but none for id ${id}`);
    }
    return label;
  });
}
