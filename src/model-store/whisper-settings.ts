import { join } from "node:path";
import { z } from "zod";
import { OperatorError } from "../operator-error.ts";
import { readJsonFile } from "./json-file.ts";

/** What a speech model's folder says of what it takes. */
export interface SpeechSettings {
  /** Codes of the languages that it knows, such as `fr`. */
  readonly languages: readonly string[];
  /** Rows of the log-mel spectrograms that it reads. */
  readonly melBins: 80 | 128;
}

const generationSchema = z.object({
  /** Token ids by language token, such as `<|fr|>`. */
  lang_to_id: z.record(z.string().regex(/^<\|[a-z]{2,3}\|>$/), z.int().nonnegative()).refine(isNotEmpty, "is empty"),
});

const preprocessorSchema = z.object({ feature_size: z.union([z.literal(80), z.literal(128)]) });

/**
 * Languages from `lang_to_id` of `generation_config.json`, mel bins from `feature_size` of `preprocessor_config.json`.
 * @throws {OperatorError} that names the file and what is wrong with it.
 */
export async function readSpeechSettings(folder: string): Promise<SpeechSettings> {
  const generation = await readChecked(join(folder, "generation_config.json"), generationSchema);
  const preprocessor = await readChecked(join(folder, "preprocessor_config.json"), preprocessorSchema);
  const languages = Object.keys(generation.lang_to_id).map((token) => token.slice("<|".length, -"|>".length));
  return { languages: languages.toSorted(), melBins: preprocessor.feature_size };
}

async function readChecked<Schema extends z.ZodType>(file: string, schema: Schema): Promise<z.infer<Schema>> {
  const parsed = schema.safeParse((await readJsonFile(file)).value);
  if (!parsed.success) {
    throw new OperatorError(`${file} cannot be used: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

function isNotEmpty(record: object): boolean {
  return Object.keys(record).length > 0;
}
