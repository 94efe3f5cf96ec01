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
  /** By token id, a Latin-1 character for each byte. Added tokens, such as `<|fr|>` or a time, are no text: none. */
  readonly #tokens: readonly string[];

  private constructor(tokens: readonly string[]) {
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
      tokens[id] = added.has(id) ? "" : toLatin1(token, file);
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
    const bytes = Array.from(tokenIds, (id) => this.#tokens[id] ?? refuse(id)).join("");
    return utf8.decode(Buffer.from(bytes, "latin1")).replaceAll(replacementsAtEnds, "");
  }
}

/** Every byte counts, those of a byte order mark too. */
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
const replacementsAtEnds = /^\uFFFD+|\uFFFD+$/g;

function refuse(tokenId: number): never {
  throw new ServiceError("invalid_prediction", "The model gave an invalid answer.", { facts: { tokenId } });
}

/** One function for all entries: a schema for each would add to every start. */
const vocabularySchema = z.custom<Record<string, number>>(
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

function toLatin1(token: string, file: string): string {
  const bytes = Array.from(token, (character) => latin1Of.get(character));
  if (bytes.includes(undefined)) {
    throw new OperatorError(`${file} is of no byte-level BPE tokenizer: a token has characters that stand for no byte`);
  }
  return bytes.join("");
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
