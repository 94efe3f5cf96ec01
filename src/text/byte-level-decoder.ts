import { join } from "node:path";
import { z } from "zod";
import { ServiceError } from "../errors.ts";
import { readJsonFile } from "../model-store/json-file.ts";
import { OperatorError } from "../operator-error.ts";

/**
 * Token ids of a byte-level BPE vocabulary to text. A token is a row of bytes and need not hold whole characters, so the
 * bytes of all tokens are put together before they are read as UTF-8.
 */
export class ByteLevelDecoder {
  readonly #tokens: readonly string[];

  /** `tokens`: by id, a Latin-1 character for each byte. Added tokens, such as `<|fr|>` or a time, are no text: none. */
  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  /**
   * Reads the folder's `tokenizer.json`.
   * @throws OperatorError that names the file when it cannot be read or holds another kind of tokenizer.
   */
  static async load(folder: string): Promise<ByteLevelDecoder> {
    const file = join(folder, "tokenizer.json");
    const parsed = tokenizerSchema.safeParse((await readJsonFile(file)).value);
    if (!parsed.success) {
      throw new OperatorError(`${file} is of no byte-level BPE tokenizer: ${z.prettifyError(parsed.error)}`);
    }
    const { model, added_tokens } = parsed.data;
    const added = new Set(added_tokens.map(({ id }) => id));
    const tokens: string[] = [];
    for (const [token, id] of Object.entries(model.vocab)) {
      tokens[id] = added.has(id) ? "" : bytesOfCharacters(token, file);
    }
    for (const id of added) {
      tokens[id] = "";
    }
    return new ByteLevelDecoder(tokens);
  }

  /**
   * The text of one window. A character cut in two by its ends is dropped; what else is no UTF-8 becomes U+FFFD.
   * @throws ServiceError `invalid_prediction` when an id is none of the vocabulary's.
   */
  decode(tokenIds: Int32Array): string {
    const stream = this.stream();
    return (stream.push(tokenIds) + stream.end()).replaceAll(replacementsAtEnds, "");
  }

  /** The text of one window while its tokens arrive. */
  stream(): ByteLevelStream {
    return new ByteLevelStream(this.#tokens);
  }
}

/** Text from tokens that arrive bit by bit: a character is given out when its last byte has come. */
export class ByteLevelStream {
  readonly #tokens: readonly string[];
  /** Every byte counts, those of a byte order mark too. */
  readonly #utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  /**
   * The text that these tokens complete. What is no UTF-8 becomes U+FFFD, at the ends too.
   * @throws ServiceError `invalid_prediction` when an id is none of the vocabulary's.
   */
  push(tokenIds: Int32Array): string {
    const bytes = Array.from(tokenIds, (id) => this.#tokens[id] ?? refuse(id)).join("");
    return this.#utf8.decode(Buffer.from(bytes, "latin1"), { stream: true });
  }

  /** What is left: U+FFFD when the last character lacks bytes, or nothing. */
  end(): string {
    return this.#utf8.decode();
  }
}

const replacementsAtEnds = /^\uFFFD+|\uFFFD+$/g;

function refuse(tokenId: number): never {
  throw new ServiceError("invalid_prediction", "The model gave an invalid answer.", { facts: { tokenId } });
}

/** Ids by token. One function for all entries: a schema for each would add to every start. */
export const vocabularySchema = z.custom<Record<string, number>>(
  (value) => typeof value === "object" && value !== null && Object.values(value).every(isTokenId),
  "expected an object of tokens with their ids",
);

const tokenizerSchema = z.object({
  model: z.object({ type: z.literal("BPE"), vocab: vocabularySchema, byte_fallback: z.literal(false).optional() }),
  decoder: z.object({ type: z.literal("ByteLevel") }),
  added_tokens: z.array(z.object({ id: z.int().nonnegative() })),
});

function isTokenId(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/**
 * The bytes of a token of `tokenizer.json`, a Latin-1 character for each, from the characters that stand for them there.
 * @throws OperatorError that names the file when one stands for no byte.
 */
export function bytesOfCharacters(token: string, file: string): string {
  let bytes = "";
  for (const character of token) {
    const byte = latin1Of.get(character);
    if (byte === undefined) {
      throw new OperatorError(
        `${file} is of no byte-level BPE tokenizer: a token has characters that stand for no byte`,
      );
    }
    bytes += byte;
  }
  return bytes;
}

/**
 * The Latin-1 character of each byte by the character that stands for the byte in a vocabulary: itself where it can be
 * printed, else one of those from U+0100, in order. The table of GPT-2's `bytes_to_unicode`.
 */
const latin1Of: ReadonlyMap<string, string> = new Map(
  Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte))
    .toSorted((one, other) => Number(isPrintable(one)) - Number(isPrintable(other)))
    .map((character, index) => [isPrintable(character) ? character : String.fromCharCode(0x100 + index), character]),
);

/** The soft hyphen, U+00AD, is not. */
function isPrintable(character: string): boolean {
  return /[!-~\u00A1-\u00AC\u00AE-\u00FF]/.test(character);
}
