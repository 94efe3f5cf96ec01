import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readJsonFile } from "../model-store/json-file.ts";
import { OperatorError } from "../operator-error.ts";
import { bytesOfCharacters, vocabularySchema } from "./byte-level-decoder.ts";

export interface TekkenVocabulary {
  /** By id, a Latin-1 character for each byte. Special tokens are no text: none. */
  readonly tokens: readonly string[];
  /** Ids of the other tokens by their bytes: the lower, the sooner merged. */
  readonly ids: ReadonlyMap<string, number>;
  /** Ids of special tokens by name, such as `[AUDIO]`. */
  readonly specialIds: ReadonlyMap<string, number>;
  /** What it matches is encoded by itself. */
  readonly wordPattern: RegExp;
}

/**
 * Reads the folder's `tokenizer.json`, the form of `tokenizers`, or, where there is none, `tekken.json`, Mistral's own.
 * The merges of the first are not read: they are those that the order of the ids says.
 * @throws OperatorError that names the file when it cannot be read or holds another kind of tokenizer.
 */
export async function readTekkenVocabulary(folder: string): Promise<TekkenVocabulary> {
  const name = tekkenFileOf(folder);
  const file = join(folder, name);
  return readers[name]((await readJsonFile(file)).value, file);
}

/**
 * Which of the two files a folder is read from.
 * @throws OperatorError when it has neither.
 */
export function tekkenFileOf(folder: string): keyof typeof readers {
  const name = (["tokenizer.json", "tekken.json"] as const).find((file) => existsSync(join(folder, file)));
  if (name === undefined) {
    throw new OperatorError(`${folder} has neither a tokenizer.json nor a tekken.json`);
  }
  return name;
}

const readers = { "tokenizer.json": readTokenizerJson, "tekken.json": readTekkenJson } as const;

const tokenizerSchema = z.object({
  normalizer: z.null().optional(),
  pre_tokenizer: z.object({
    type: z.literal("Sequence"),
    pretokenizers: z.tuple([
      z.object({
        type: z.literal("Split"),
        pattern: z.object({ Regex: z.string() }),
        behavior: z.literal("Isolated"),
        invert: z.literal(false),
      }),
      z.object({ type: z.literal("ByteLevel"), add_prefix_space: z.literal(false), use_regex: z.literal(false) }),
    ]),
  }),
  model: z.object({ type: z.literal("BPE"), vocab: vocabularySchema, byte_fallback: z.literal(false).optional() }),
  decoder: z.object({ type: z.literal("ByteLevel") }),
  added_tokens: z.array(z.object({ id: z.int().nonnegative(), content: z.string() })),
});

function readTokenizerJson(value: unknown, file: string): TekkenVocabulary {
  const { pre_tokenizer, model, added_tokens } = parse(tokenizerSchema, value, file);
  const specialIds = new Map(added_tokens.map(({ content, id }) => [content, id]));
  const special = new Set(specialIds.values());
  const ids = new Map<string, number>();
  for (const [token, id] of Object.entries(model.vocab)) {
    // Special tokens may be in the vocabulary too.
    if (!special.has(id)) {
      ids.set(bytesOfCharacters(token, file), id);
    }
  }
  const pattern = pre_tokenizer.pretokenizers[0].pattern.Regex;
  return vocabularyOf({ ids, special, specialIds, pattern, file });
}

interface TekkenEntry {
  readonly rank: number;
  readonly token_bytes: string;
}

const entriesSchema = z.custom<TekkenEntry[]>(
  (value) => Array.isArray(value) && value.every(isTekkenEntry),
  "expected a list of tokens with rank and token_bytes",
);

/** Far more than any: a bound on what a number in the file can make us reserve. */
const mostTokens = 2 ** 22;

const tekkenSchema = z.object({
  config: z.object({
    pattern: z.string(),
    default_vocab_size: z.int().positive().max(mostTokens),
    default_num_special_tokens: z.int().nonnegative().max(mostTokens),
  }),
  vocab: entriesSchema,
  special_tokens: z.array(z.object({ rank: z.int().nonnegative(), token_str: z.string() })),
});

function isTekkenEntry(value: unknown): value is TekkenEntry {
  return (
    typeof value === "object" &&
    value !== null &&
    "rank" in value &&
    Number.isSafeInteger(value.rank) &&
    "token_bytes" in value &&
    typeof value.token_bytes === "string"
  );
}

/** Special tokens come first; those that have no name are spare. The file lists more tokens than the model knows. */
function readTekkenJson(value: unknown, file: string): TekkenVocabulary {
  const { config, vocab, special_tokens } = parse(tekkenSchema, value, file);
  const { default_vocab_size: size, default_num_special_tokens: specialCount } = config;
  const specialIds = new Map(special_tokens.map(({ token_str, rank }) => [token_str, rank]));
  const special = new Set([...specialIds.values(), ...Array.from({ length: specialCount }, (_, id) => id)]);
  const ids = new Map<string, number>();
  for (const { rank, token_bytes } of vocab) {
    if (specialCount + rank < size) {
      ids.set(Buffer.from(token_bytes, "base64").toString("latin1"), specialCount + rank);
    }
  }
  if (ids.size + special.size !== size) {
    refuse(file, `expected ${size} tokens as config.default_vocab_size says, not ${ids.size + special.size}`);
  }
  return vocabularyOf({ ids, special, specialIds, pattern: config.pattern, file });
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, file: string): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : refuse(file, z.prettifyError(parsed.error));
}

interface Parts {
  readonly ids: ReadonlyMap<string, number>;
  readonly special: ReadonlySet<number>;
  readonly specialIds: ReadonlyMap<string, number>;
  readonly pattern: string;
  readonly file: string;
}

function vocabularyOf({ ids, special, specialIds, pattern, file }: Parts): TekkenVocabulary {
  const size = ids.size + special.size;
  const tokens: (string | undefined)[] = [];
  for (const [bytes, id] of ids) {
    tokens[id] = bytes;
  }
  for (const id of special) {
    tokens[id] = "";
  }
  if (tokens.length !== size || !isFull(tokens)) {
    refuse(file, `expected ${size} tokens to have the ids 0 to ${size - 1}`);
  }
  if (!everyByte.every((byte) => ids.has(byte))) {
    refuse(file, "expected every single byte to be a token");
  }
  const wordPattern = toRegExp(pattern) ?? refuse(file, `its pattern is no known regular expression: ${pattern}`);
  return { tokens, ids, specialIds, wordPattern };
}

function isFull<Item>(items: readonly (Item | undefined)[]): items is readonly Item[] {
  return !items.includes(undefined);
}

const everyByte = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));

/**
 * A pattern in the dialect of Rust's `regex`, in ours: its white space has U+0085 and lacks U+FEFF. Null for a pattern
 * with escapes that differ in other ways, such as `\w`, or that cannot be read.
 */
function toRegExp(pattern: string): RegExp | null {
  if (/\\[^prnsS]/.test(pattern)) {
    return null;
  }
  try {
    return new RegExp(pattern.replaceAll("\\s", "\\p{White_Space}").replaceAll("\\S", "\\P{White_Space}"), "gu");
  } catch {
    return null;
  }
}

function refuse(file: string, reason: string): never {
  throw new OperatorError(`${file} is of no Tekken tokenizer: ${reason}`);
}
