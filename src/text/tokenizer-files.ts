import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** What the text stage takes from a model folder's `tokenizer.json` and `tokenizer_config.json`. */
export interface TokenizerFiles {
  readonly model: UnigramModel;
  /** Base64, see `Charsmap`. */
  readonly charsmap: string;
  readonly specialTokens: readonly SpecialToken[];
  /** Id of the token that begins every sequence. */
  readonly startId: number;
  /** Id of the token that ends every sequence. */
  readonly endId: number;
}

export type UnigramModel = z.infer<typeof unigramModelSchema>;
export type VocabularyEntry = readonly [piece: string, score: number];
export type SpecialToken = z.infer<typeof tokenizerSchema>["added_tokens"][number];

/** Throws an error that names the file when one is missing or belongs to no CamemBERT tokenizer. */
export function readTokenizerFiles(folder: string): TokenizerFiles {
  const tokenizer = readJson(join(folder, "tokenizer.json"), tokenizerSchema);
  const config = readJson(join(folder, "tokenizer_config.json"), configSchema);
  const idOf = (content: string): number => {
    const token = tokenizer.added_tokens.find((added) => added.content === content);
    if (token === undefined) {
      throw new Error(`${folder}: tokenizer_config.json names ${content}, which is no added token of tokenizer.json`);
    }
    return token.id;
  };
  return {
    model: tokenizer.model,
    charsmap: tokenizer.normalizer,
    specialTokens: tokenizer.added_tokens.filter(({ special }) => special),
    startId: idOf(config.cls_token),
    endId: idOf(config.sep_token),
  };
}

function readJson<Schema extends z.ZodType>(file: string, schema: Schema): z.infer<Schema> {
  const result = schema.safeParse(parseJson(readFileSync(file, "utf8"), file));
  if (!result.success) {
    throw new Error(`${file} is not of a CamemBERT tokenizer:\n${z.prettifyError(result.error)}`);
  }
  return result.data;
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${file} is no JSON`, { cause });
  }
}

const precompiledSchema = z.object({
  type: z.literal("Precompiled"),
  precompiled_charsmap: z.string(),
});

/**
 * The normalizer's table. Older serialisations put `Replace " {2,}"` behind it: words are cut at any run of white
 * space, so it changes nothing.
 */
const normalizerSchema = z
  .union([
    precompiledSchema,
    z.object({ type: z.literal("Sequence"), normalizers: z.tuple([precompiledSchema], z.unknown()) }),
  ])
  .transform(
    (normalizer) => ("normalizers" in normalizer ? normalizer.normalizers[0] : normalizer).precompiled_charsmap,
  );

/** One function for all 32,000 entries: a schema for each adds 40 ms to every start. */
const vocabularySchema = z.custom<VocabularyEntry[]>(
  (value) => Array.isArray(value) && value.length > 0 && value.every(isVocabularyEntry),
  "expected a list of pieces with their scores",
);

const unigramModelSchema = z.object({
  type: z.literal("Unigram").optional(),
  unk_id: z.int().nonnegative(),
  vocab: vocabularySchema,
  byte_fallback: z.literal(false).optional(),
});

const tokenizerSchema = z.object({
  normalizer: normalizerSchema,
  model: unigramModelSchema,
  added_tokens: z.array(z.object({ id: z.int().nonnegative(), content: z.string().min(1), special: z.boolean() })),
});

const tokenSchema = z.union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)]);

const configSchema = z.object({ cls_token: tokenSchema, sep_token: tokenSchema });

function isVocabularyEntry(entry: unknown): entry is VocabularyEntry {
  return Array.isArray(entry) && entry.length === 2 && typeof entry[0] === "string" && typeof entry[1] === "number";
}
