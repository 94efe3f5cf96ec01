import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const fixtures = new URL("../../../fixtures/tekken/", import.meta.url);

/** The bytes of the 130,072 ordinary tokens of Mistral's models, by rank. */
export function readTokens(): Buffer[] {
  const packed = gunzipSync(readFileSync(new URL("tokens.bin.gz", fixtures)));
  const tokens: Buffer[] = [];
  // The lengths come first, a byte each, then the bytes of all tokens.
  for (let end = tokenCount; tokens.length < tokenCount; ) {
    const begin = end;
    end += packed[tokens.length]!;
    tokens.push(packed.subarray(begin, end));
  }
  return tokens;
}

const tokenCount = 130_072;

/** `tekken.json` as Voxtral's folder has it, but that it lists as many tokens as the model knows. */
export function tekkenJson(tokens: readonly Buffer[]) {
  const vocab = tokens.map((token, rank) => ({
    rank,
    token_bytes: token.toString("base64"),
    token_str: isText(token) ? token.toString() : null,
  }));
  return { ...readHead(), vocab };
}

/** `tokenizer.json` of the same vocabulary, as `transformers` makes it from `tekken.json`. */
export function tokenizerJson(tokens: readonly Buffer[]) {
  const { config, special_tokens } = readHead();
  const names = Array.from(
    { length: config.default_num_special_tokens },
    (_, id) => special_tokens[id]?.token_str ?? `<SPECIAL_${id}>`,
  );
  const ordinary = tokens.map(toCharacters);
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: names.map((content, id) => ({ id, content, normalized: false, special: true })),
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: config.pattern }, behavior: "Isolated", invert: false },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: { type: "ByteLevel", add_prefix_space: true, trim_offsets: false, use_regex: true },
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: true,
      vocab: Object.fromEntries([...names, ...ordinary].map((token, id) => [token, id])),
      merges: mergesOf(ordinary),
    },
  };
}

interface Head {
  readonly config: {
    readonly pattern: string;
    readonly default_vocab_size: number;
    readonly default_num_special_tokens: number;
  };
  readonly special_tokens: readonly { readonly rank: number; readonly token_str: string }[];
}

function readHead(): Head {
  return JSON.parse(readFileSync(new URL("tekken-head.json", fixtures), "utf8")) as Head;
}

function isText(token: Buffer): boolean {
  return Buffer.from(token.toString()).equals(token);
}

/** Of every token the pairs of tokens that make it, those with the lowest ranks first. */
function mergesOf(tokens: readonly string[]): (readonly [string, string])[] {
  const ranks = new Map(tokens.map((token, rank) => [token, rank]));
  const rankOf = (token: string): number => ranks.get(token) ?? Number.NaN;
  return tokens.flatMap((token) =>
    Array.from({ length: token.length - 1 }, (_, cut) => [token.slice(0, cut + 1), token.slice(cut + 1)] as const)
      .filter(([left, right]) => ranks.has(left) && ranks.has(right))
      .toSorted((one, other) => rankOf(one[0]) - rankOf(other[0]) || rankOf(one[1]) - rankOf(other[1])),
  );
}

function toCharacters(token: Buffer): string {
  return Array.from(token, (byte) => characters[byte]).join("");
}

/** By byte: GPT-2's `bytes_to_unicode`. Bytes that cannot be printed become the characters from U+0100, in order. */
const characters: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  String.fromCharCode(isPrinted(byte) ? byte : 0x100 + unprintedBelow(byte)),
);

function unprintedBelow(byte: number): number {
  return Array.from({ length: byte }, (_, other) => other).filter((other) => !isPrinted(other)).length;
}

function isPrinted(byte: number): boolean {
  return (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
}
